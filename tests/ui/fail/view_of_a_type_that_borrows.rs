//! A view with a lifetime: the error is at the lifetime, and says to own what it borrows.

use robyn_ws::prelude::*;

pub struct Chat<'a>(&'a str);

#[websocket_view("/chat")]
impl<'a> Chat<'a> {
    fn message(&mut self) {}
}

fn main() {}
