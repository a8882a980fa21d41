//! The contract of an app, from its handlers.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "handlers own what they are given, and have outputs of all kinds"
)]

mod app;
mod asyncapi;
mod changes;
mod description;
mod gate;
