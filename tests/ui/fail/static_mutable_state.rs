//! `&'static mut S` of a state: the error is at the type and keeps its `mut`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "message")]
async fn chat(_session: &'static mut Session) {}

fn main() {}
