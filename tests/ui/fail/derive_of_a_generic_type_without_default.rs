//! A generic state whose parameter has no `Default`: the error is at the handler's argument.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session<T>(T);

pub struct Batmobile;

#[websocket("/chat", on = "message")]
fn chat(_session: &mut Session<Batmobile>) {}

fn main() {}
