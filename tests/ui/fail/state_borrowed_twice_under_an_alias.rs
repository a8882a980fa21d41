//! One state as `&mut` under two names: the error is at the second name.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

pub type Seat = Session;

#[websocket("/chat", on = "message")]
fn chat(_one: &mut Session, _other: &mut Seat) {}

fn main() {}
