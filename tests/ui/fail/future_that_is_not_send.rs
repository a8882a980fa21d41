//! An `Rc` across an `.await`: the error is at the function's name and points at the `Rc` and the `.await`.

use std::rc::Rc;

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat() {
    let count = Rc::new(7);
    std::future::ready(()).await;
    drop(count);
}

fn main() {}
