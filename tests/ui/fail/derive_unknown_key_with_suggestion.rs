//! A misspelt key: the error is at the key and says which was meant, and a missing `Default` is no second error.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
#[connection_state(from_upgrad)]
pub struct Session;

fn main() {}
