//! A state that cannot change threads: the error names what is not `Send`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session {
    pub seen: std::rc::Rc<u32>,
}

fn main() {}
