//! `Option` of a type that is no extractor: the error is at the type that there would be an `Option` of.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "upgrade")]
async fn chat(_batmobile: Option<Batmobile>) {}

fn main() {}
