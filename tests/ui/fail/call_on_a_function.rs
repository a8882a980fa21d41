//! `#[call]` on a function: the error is there, and says how a function handles calls.

use robyn_ws::prelude::*;

#[call]
pub fn say(_text: Params<String>) {}

fn main() {}
