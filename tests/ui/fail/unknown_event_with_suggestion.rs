//! A misspelt event: the error is at the word and says which was meant.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "mesage")]
fn chat(_msg: String) {}

fn main() {}
