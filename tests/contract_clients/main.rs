//! The clients that are made from the contract of an app.

mod live;
mod shapes;
mod support;
mod typescript;
