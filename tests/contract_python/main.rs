//! The contract in Python: mypy accepts it with the values of serde, and its clients talk to the app.

mod clients;
mod module;
mod shapes;
mod types;
