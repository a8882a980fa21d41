//! `'a: 'static`: the error is at the bound.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat<'a: 'static>(_msg: &'a str) {}

fn main() {}
