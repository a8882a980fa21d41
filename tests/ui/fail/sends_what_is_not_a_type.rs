//! What is not a type, and a method without its parameters: the error is at it.

use robyn_ws::prelude::*;

#[websocket("/one", on = "message", sends("said"))]
fn one(_msg: &str) {}

#[websocket("/two", on = "message", sends("said"(String, u32)))]
fn two(_msg: &str) {}

#[websocket("/three", on = "message", sends(42))]
fn three(_msg: &str) {}

fn main() {}
