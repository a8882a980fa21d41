//! `#[call]` in some configurations: the method belongs into them as a whole.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[cfg_attr(all(), call)]
    fn say(&self) {}

    fn connect(&self) {}
}

fn main() {}
