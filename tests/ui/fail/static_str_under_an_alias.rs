//! An alias of `&'static str`: the error is at the parameters.

use robyn_ws::prelude::*;

type Text = &'static str;

#[websocket("/chat", on = "message")]
fn chat(_ws: WebSocketConnector, _msg: Text) {}

fn main() {}
