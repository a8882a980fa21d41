//! The clients talk to the app.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::Server;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::module::Module;

/// Interpreters take their time to start on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

static TALK: SubRouter = SubRouter::new("/talk");

#[derive(Deserialize, JsonSchema)]
struct Entry {
    token: String,
    #[serde(default)]
    loud: bool,
    limit: Option<u8>,
}

#[derive(Deserialize, JsonSchema)]
struct Say {
    text: String,
    #[serde(default)]
    times: u8,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    room: String,
    text: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "type")]
enum Happened {
    Said(Said),
    Entered {
        room: String,
        token: String,
        loud: bool,
        limit: Option<u8>,
    },
}

/// A room to talk in.
#[websocket("/{room}", on = "connect", router = TALK)]
fn enter(Path(room): Path<String>, Query(entry): Query<Entry>) -> Json<Happened> {
    Json(Happened::Entered {
        room,
        token: entry.token,
        loud: entry.loud,
        limit: entry.limit,
    })
}

/// Says something.
#[websocket("/{room}", on = "message", router = TALK)]
fn say(Path(room): Path<String>, Json(say): Json<Say>, ws: &WebSocketConnector) -> Option<Json<Happened>> {
    if say.text == "bye" {
        ws.close_with(1008, "bye");
        return None;
    }
    let text = say.text.repeat(say.times.into());
    Some(Json(Happened::Said(Said { room, text })))
}

/// Answers with bytes, a text, or a JSON value.
#[websocket("/mixed/{number}/{*rest}", on = "message", router = TALK, sends(Said))]
fn mixed(Path((number, rest)): Path<(u8, String)>, message: String, ws: &WebSocketConnector) -> Message {
    match message.as_str() {
        "bytes" => Message::from(vec![number]),
        "json" => Message::json(&Said {
            room: rest,
            text: message,
        })
        .expect("JSON"),
        "close" => {
            ws.close();
            Message::from("closing")
        }
        _ => Message::from(format!("[{message}]")),
    }
}

#[derive(Deserialize, JsonSchema)]
struct Answer {
    number: i64,
}

/// Adds two numbers.
#[websocket("/calls", on = "call", method = "math.add", router = TALK)]
fn add(Params((one, other)): Params<(i64, i64)>) -> i64 {
    one + other
}

#[websocket("/calls", on = "call", method = "nothing", router = TALK)]
fn nothing() {}

#[websocket("/calls", on = "call", method = "refuse", router = TALK)]
fn refuse(Params(text): Params<String>) -> Result<(), CallError> {
    Err(CallError::new(402, "pay first").data(&text))
}

#[websocket("/calls", on = "call", method = "wait", router = TALK)]
async fn wait(ws: WebSocketConnector) {
    ws.closed().await;
}

#[websocket("/calls", on = "call", method = "tell", router = TALK, sends("said"(Said), "count"(u64), "tick"()))]
fn tell(Params(say): Params<Say>, ws: &WebSocketConnector) -> Result<(), CallError> {
    let room = "calls".to_owned();
    ws.everyone().notify("said", &Said { room, text: say.text })?;
    ws.everyone().notify("count", &u64::from(say.times))?;
    ws.everyone().notify("tick", &())?;
    Ok(())
}

#[websocket("/calls", on = "call", method = "ask", router = TALK, sends("confirm"(String) -> Answer))]
async fn ask(ws: WebSocketConnector, Params(text): Params<String>) -> String {
    match ws.call::<Answer>("confirm", &text).await {
        Ok(answer) => format!("answered {}", answer.number),
        Err(CallError::Remote { code, message, .. }) => format!("{code} {message}"),
        Err(error) => error.to_string(),
    }
}

const CLIENT: &str = include_str!("client.py");
const WRONG: &str = include_str!("wrong.py");

fn app() -> App {
    App::new().include_router(&TALK)
}

#[tokio::test]
async fn clients_of_python_talk_to_the_app() {
    let Some(module) = Module::of(&app(), "clients") else {
        return;
    };
    module.write("client.py", CLIENT);
    assert_eq!(module.mypy("client.py").await, "", "{}", app().contract().python());
    let server = Server::start(app()).await;
    let url = format!("ws://{}", server.address());
    let output = module.run(&["-W", "error", "client.py", &url]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
}

#[tokio::test]
async fn mypy_finds_wrong_uses_of_the_clients() {
    let Some(module) = Module::of(&app(), "wrong") else {
        return;
    };
    module.write("wrong.py", WRONG);
    let said = module.mypy("wrong.py").await;
    let is_found = |number: usize| said.contains(&format!("wrong.py:{number}: error:"));
    for (number, line) in (1..).zip(WRONG.lines()) {
        assert_eq!(is_found(number), line.ends_with("# wrong"), "{number}: {line}\n{said}");
    }
}
