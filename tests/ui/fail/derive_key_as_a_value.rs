//! `from = "upgrade"`: the error is at the key and says how the two are one word.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
#[connection_state(from = "upgrade")]
pub struct Session;

fn main() {}
