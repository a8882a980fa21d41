//! A state without `Default`: the error is at the type's name and gives both ways out.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
pub struct Session {
    pub seen: u32,
}

fn main() {}
