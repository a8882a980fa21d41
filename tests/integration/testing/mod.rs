//! `test_util`, by which users test their own apps.

mod test_app;
mod test_calls;
mod test_socket;
