//! `from_upgrade = true`: the error is at the value, as there is none.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
#[connection_state(from_upgrade = true)]
pub struct Session;

fn main() {}
