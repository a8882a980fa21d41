//! A method whose future is not `Send`: the error is at its name.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    async fn message(&mut self) {
        let held = std::rc::Rc::new(1);
        std::future::ready(()).await;
        drop(held);
    }
}

fn main() {}
