//! `Option` of a type that is no extractor: the error is at the type and says of what there is an `Option`.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
fn chat(_batmobile: Option<Batmobile>) {}

fn main() {}
