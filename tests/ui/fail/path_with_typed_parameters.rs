//! Parameters with types, as FastAPI and Flask have them: one error gives the whole path.

use robyn_ws::prelude::*;

#[websocket("/chat/{room:int}/<path:rest>", on = "message")]
fn chat(_msg: String) {}

fn main() {}
