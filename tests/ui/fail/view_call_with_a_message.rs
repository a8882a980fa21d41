//! A message in a call of a view: the error is at the type and says how parameters are taken.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[call]
    fn say(&self, _msg: String) {}
}

fn main() {}
