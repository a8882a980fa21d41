//! JSON in and out, without copying the text of a message, and two ways to answer an invalid message.
//! Run it: `cargo run --example json`
//! Then type `python -m websockets ws://127.0.0.1:8080/json`, and there: {"do": "add", "a": 1, "b": 2} or {"do": "shout", "text": "hi"}
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use std::borrow::Cow;

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

/// A command of a client; the key `do` names the variant.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command<'a> {
    Add {
        a: i64,
        b: i64,
    },
    Shout {
        /// Borrowed from the message, and owned only if it has an escape such as `\n`. A plain `&str` refuses that.
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
}

/// The answer to a command.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Sum(i64),
    Loud(String),
    Error(String),
}

/// A message that is not a `Command` closes the connection with code 1007 and a reason.
#[websocket("/json", on = "message")]
fn message(Json(command): Json<Command<'_>>) -> Json<Answer> {
    Json(answer(command))
}

/// With `Result<_, Rejection>` the handler itself answers an invalid message, and the client can try again.
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
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
