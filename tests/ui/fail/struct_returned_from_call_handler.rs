//! A value that is no result of a call: the error is at the return type and lists the results.

use robyn_ws::prelude::*;

pub struct Receipt;

#[websocket("/chat", on = "call", method = "say")]
fn say() -> Receipt {
    Receipt
}

fn main() {}
