//! `Result` with a right value and an error that is no `Error`: the error is at the return type and is about the error.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
async fn chat() -> Result<Json<u8>, Batmobile> {
    Err(Batmobile)
}

fn main() {}
