//! `#[view(blocking)]` under a condition: the error is at that attribute.

use robyn_ws::prelude::*;

struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[cfg_attr(all(), view(blocking))]
    fn message(msg: &str) -> String {
        msg.to_owned()
    }
}

fn main() {}
