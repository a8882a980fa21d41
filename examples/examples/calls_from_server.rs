//! The server calls its clients: it asks for a confirmation before it deletes, and each new client for its name.
//! Run it: `cargo run --example calls_from_server`
//! Then type `python -m websockets ws://127.0.0.1:8080/files`, and answer there: {"jsonrpc": "2.0", "result": "Robin", "id": 1}
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use std::time::Duration;

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

/// What a client is asked before its file is deleted.
#[derive(Serialize)]
struct Question<'a> {
    file: &'a str,
    warning: &'static str,
}

#[derive(Deserialize)]
struct Confirmed {
    sure: bool,
}

#[derive(Default, ConnectionState)]
struct Person {
    name: String,
}

/// A handler waits for the answer, while others of the same client wait for the handler.
#[websocket("/files", on = "connect")]
async fn connect(ws: WebSocketConnector, person: &mut Person) -> Result<(), HandlerError> {
    person.name = match ws.call("name", &()).await {
        Ok(name) => name,
        // A client that has no such method, or takes too long.
        Err(CallError::Remote { .. } | CallError::TimedOut) => "somebody".to_owned(),
        Err(error) => return Err(error.into()),
    };
    ws.notify("welcome", &person.name)?;
    Ok(())
}

#[websocket("/files", on = "call", method = "delete")]
async fn delete(ws: WebSocketConnector, Params(file): Params<String>, person: &Person) -> Result<String, CallError> {
    let question = Question {
        file: &file,
        warning: "this cannot be undone",
    };
    let Confirmed { sure } = ws.call("confirm", &question).await?;
    if !sure {
        return Err(CallError::new(1, format!("{} keeps {file}", person.name)));
    }
    Ok(format!("{} has deleted {file}", person.name))
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let limits = Limits::default().call_timeout(Duration::from_mins(1));
    App::new().limits(limits).serve(address).await
}
