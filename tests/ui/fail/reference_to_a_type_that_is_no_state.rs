//! `&T` of a type that is no state: the error is at the type and says what a state has to be.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
fn chat(_batmobile: &Batmobile) {}

fn main() {}
