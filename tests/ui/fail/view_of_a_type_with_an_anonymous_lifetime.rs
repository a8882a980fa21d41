//! A view with an anonymous lifetime: the error is at the type, and says to own what it borrows.

use robyn_ws::prelude::*;

pub struct Chat<'a>(&'a str);

#[websocket_view("/chat")]
impl Chat<'_> {
    fn message(&mut self) {}
}

fn main() {}
