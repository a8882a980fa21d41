//! What browsers and other libraries call `message`: each error says `message`.

use robyn_ws::prelude::*;

#[websocket("/receive", on = "receive")]
fn f_receive(_msg: String) {}

#[websocket("/text", on = "text")]
fn f_text(_msg: String) {}

#[websocket("/binary", on = "binary")]
fn f_binary(_msg: String) {}

#[websocket("/data", on = "data")]
fn f_data(_msg: String) {}

#[websocket("/onmessage", on = "onmessage")]
fn f_onmessage(_msg: String) {}

fn main() {}
