//! A name that axum cannot take: the error quotes it and says what a name is made of.

use robyn_ws::prelude::*;

#[websocket("/chat/{ro*om}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
