//! `Result` with an error that is no `Error`: the error is at the return type and names `HandlerError`.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
fn chat() -> Result<String, Batmobile> {
    Err(Batmobile)
}

fn main() {}
