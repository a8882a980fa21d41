//! What browsers and other libraries call `connect`: each error says `connect`.

use robyn_ws::prelude::*;

#[websocket("/open", on = "open")]
fn f_open() {}

#[websocket("/opened", on = "opened")]
fn f_opened() {}

#[websocket("/onopen", on = "onopen")]
fn f_onopen() {}

#[websocket("/connection", on = "connection")]
fn f_connection() {}

fn main() {}
