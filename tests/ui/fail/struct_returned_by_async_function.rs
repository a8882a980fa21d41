//! A type of one's own as reply of an `async fn`: the error is at the return type and lists the replies.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
async fn chat() -> Batmobile {
    Batmobile
}

fn main() {}
