//! `#[connection_state]` alone: the error is at the attribute and shows its arguments.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
#[connection_state]
pub struct Session;

fn main() {}
