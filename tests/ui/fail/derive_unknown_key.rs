//! A key that does not exist: the error is at the key and lists those that do.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
#[connection_state(shared)]
pub struct Session;

fn main() {}
