//! `&'static Uri` of a request: the error is at the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat(_uri: &'static Uri) {}

fn main() {}
