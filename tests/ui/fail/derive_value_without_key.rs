//! A value without a key: the error is at the value and says what there can be.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
#[connection_state("upgrade")]
pub struct Session;

fn main() {}
