//! `Json<T>` of a type that cannot be written: the error is at the return type and names `Serialize`.

use robyn_ws::prelude::*;

pub struct Said;

#[websocket("/chat", on = "message")]
fn chat() -> Json<Said> {
    Json(Said)
}

fn main() {}
