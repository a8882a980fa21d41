//! `#[call]` in a block that is not a view: the error is there, and says what makes it one.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

impl Chat {
    #[call]
    pub fn say(&mut self, _text: Params<String>) {}
}

fn main() {}
