//! A union as state: the error is at `union` and says what to make of it.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
pub union Session {
    pub seen: u32,
}

fn main() {}
