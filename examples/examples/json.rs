//! JSON in and out, without copying what the message says, and what becomes of a message that is not what was expected.
//! Run it: `cargo run --example json`
//! Then type `python -m websockets ws://127.0.0.1:8080/json`, and there: {"do": "add", "a": 1, "b": 2} or {"do": "shout", "text": "hi"}

use std::borrow::Cow;

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

/// What clients may ask for; `do` tells which.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command<'a> {
    Add {
        a: i64,
        b: i64,
    },
    Shout {
        /// Borrowed from the message, and owned only if it has an escape such as `\n`. A plain `&str` would refuse that.
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
}

/// What they get.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Sum(i64),
    Loud(String),
    Error(String),
}

/// Anything that is no `Command` closes the connection with code 1007 and a reason.
#[websocket("/json", on = "message")]
fn message(Json(command): Json<Command<'_>>) -> Json<Answer> {
    Json(answer(command))
}

/// Where clients are people, they may try again: with `Result<_, Rejection>` the handler decides.
#[websocket("/json/patient", on = "message")]
fn patient(command: Result<Json<Command<'_>>, Rejection>) -> Json<Answer> {
    Json(match command {
        Ok(Json(command)) => answer(command),
        Err(rejection) => Answer::Error(rejection.to_string()),
    })
}

fn answer(command: Command<'_>) -> Answer {
    match command {
        Command::Add { a, b } => a
            .checked_add(b)
            .map_or_else(|| Answer::Error("too big".to_owned()), Answer::Sum),
        Command::Shout { text } => Answer::Loud(text.to_uppercase()),
    }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    App::new().serve(robyn_ws_examples::setup()?).await
}
