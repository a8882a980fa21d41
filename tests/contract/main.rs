//! The contract of an app, from its handlers.

mod app;
mod asyncapi;
mod changes;
mod description;
mod gate;
