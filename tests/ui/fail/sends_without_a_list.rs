//! `sends` without types, with a value, and with an empty list: each error shows how a list is written.

use robyn_ws::prelude::*;

struct Said;

#[websocket("/one", on = "message", sends)]
fn one(_msg: &str) {}

#[websocket("/two", on = "message", sends = Said)]
fn two(_msg: &str) {}

#[websocket("/three", on = "message", sends())]
fn three(_msg: &str) {}

fn main() {
    let _ = Said;
}
