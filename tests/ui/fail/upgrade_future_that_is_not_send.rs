//! An `Rc` across an `.await` of an upgrade handler: the error is at the function's name and points at both.

use std::rc::Rc;

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
async fn chat() {
    let count = Rc::new(7);
    std::future::ready(()).await;
    drop(count);
}

fn main() {}
