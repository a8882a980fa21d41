//! One key twice: the error is at the second and quotes the first.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
#[connection_state(from_upgrade, from_upgrade)]
pub struct Session;

fn main() {}
