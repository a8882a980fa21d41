//! Integration tests: real sockets, the public surface, one folder for each topic. Each test is named as what it proves.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

mod app;
mod calls;
mod closing;
mod compression;
mod drain;
mod edge;
mod handlers;
mod handshake;
mod limits;
mod messages;
mod outside;
mod people;
mod rooms;
mod sending;
mod testing;
