//! `&'static S` of a state, which lives as long as its connection: the error is at the type.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "message")]
fn chat(_session: &'static Session) {}

fn main() {}
