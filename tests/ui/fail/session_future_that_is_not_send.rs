//! An `Rc` across an `.await` of a session handler: the error is at the function's name and points at both.

use std::rc::Rc;

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(_socket: WebSocket) {
    let count = Rc::new(7);
    std::future::ready(()).await;
    drop(count);
}

fn main() {}
