//! `Json<Say<'static>>`, which borrows from the message: the error is at the parameters. The same type without a borrow,
//! in `Whisper`, is an argument.

use std::borrow::Cow;

use robyn_ws::prelude::*;

#[derive(serde::Deserialize)]
struct Say<'a> {
    text: &'a str,
}

#[derive(serde::Deserialize)]
struct Whisper<'a> {
    text: Cow<'a, str>,
}

#[websocket("/chat", on = "message")]
async fn chat(Json(say): Json<Say<'static>>) -> String {
    say.text.to_owned()
}

#[websocket("/quiet", on = "message")]
async fn quiet(Json(whisper): Json<Whisper<'static>>) -> String {
    whisper.text.into_owned()
}

fn main() {}
