//! `*rest` is the syntax of older axum: the error gives the whole path in today's.

use robyn_ws::prelude::*;

#[websocket("/files/*rest", on = "message")]
fn chat(_msg: String) {}

fn main() {}
