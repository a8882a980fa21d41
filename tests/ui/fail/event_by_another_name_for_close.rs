//! What browsers and other libraries call `close`: each error says `close`.

use robyn_ws::prelude::*;

#[websocket("/closed", on = "closed")]
fn f_closed(_reason: CloseReason) {}

#[websocket("/disconnect", on = "disconnect")]
fn f_disconnect(_reason: CloseReason) {}

#[websocket("/disconnected", on = "disconnected")]
fn f_disconnected(_reason: CloseReason) {}

#[websocket("/onclose", on = "onclose")]
fn f_onclose(_reason: CloseReason) {}

fn main() {}
