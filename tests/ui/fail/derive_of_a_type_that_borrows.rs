//! A state with a lifetime: the error is at the lifetime and says what to own instead.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
pub struct Session<'a> {
    pub name: &'a str,
}

fn main() {}
