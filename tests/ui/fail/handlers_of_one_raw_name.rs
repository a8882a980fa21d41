//! Two handlers with one raw name: the compiler's own error, and none that follows from it.

use robyn_ws::prelude::*;

#[websocket("/a", on = "message")]
fn r#type(_msg: &str) {}

#[websocket("/b", on = "message")]
fn r#type(_ws: &WebSocketConnector, _msg: &str) {}

fn main() {}
