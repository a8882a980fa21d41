//! `Result` with an error that is not `Rejection`: the error is at the type and names `Rejection`.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: Result<String, std::fmt::Error>) {}

fn main() {}
