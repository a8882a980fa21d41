//! A type of one's own that is no extractor: the error is at the type and says what a connect handler can take.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "connect")]
fn chat(_batmobile: Batmobile) {}

fn main() {}
