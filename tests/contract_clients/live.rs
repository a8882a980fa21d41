//! An app whose clients call, get notified and are called, and whose connections end in every way.

use robyn_ws::{
    axum::{http::header, response::Response},
    prelude::*,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, sleep};

static LIVE: SubRouter = SubRouter::new("/live");

pub(crate) fn app() -> App {
    App::new().include_router(&LIVE)
}

#[derive(Deserialize, JsonSchema)]
struct Say {
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    room: String,
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Receipt {
    number: u32,
}

#[derive(Serialize, JsonSchema)]
struct Question {
    text: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Answer {
    yes: bool,
}

/// Says something to all.
#[websocket("/chat/{room}", on = "call", method = "say", router = LIVE, sends("said"(Said), "counted"(u32)))]
fn say(
    ws: &WebSocketConnector,
    Params(say): Params<Say>,
    Path(room): Path<String>,
) -> Result<Json<Receipt>, CallError> {
    let number = u32::try_from(say.text.len()).unwrap_or(u32::MAX);
    ws.notify("said", &Said { room, text: say.text })?;
    ws.notify("counted", &number)?;
    Ok(Json(Receipt { number }))
}

#[websocket("/chat/{room}", on = "call", method = "double", router = LIVE)]
fn double(Params(number): Params<u32>) -> Json<u32> {
    Json(number * 2)
}

#[websocket("/chat/{room}", on = "call", method = "nothing", router = LIVE)]
fn nothing() {}

#[websocket("/chat/{room}", on = "call", method = "refuse", router = LIVE)]
fn refuse() -> Result<(), CallError> {
    Err(CallError::new(402, "pay first").data(&["data"]))
}

/// Asks the client back.
#[websocket("/chat/{room}", on = "call", method = "ask", router = LIVE, sends("confirm"(Question) -> Answer))]
async fn ask(ws: WebSocketConnector, Params(say): Params<Say>) -> Json<String> {
    let answer = ws.call::<Answer>("confirm", &Question { text: say.text }).await;
    Json(match answer {
        Ok(Answer { yes }) => format!("yes: {yes}"),
        Err(CallError::Remote { code, message, .. }) => format!("{code} {message}"),
        Err(error) => error.to_string(),
    })
}

#[websocket("/chat/{room}", on = "call", method = "slow", router = LIVE)]
async fn slow() {
    sleep(Duration::from_mins(1)).await;
}

#[websocket("/chat/{room}", on = "call", method = "kick", router = LIVE)]
fn kick(ws: &WebSocketConnector, Params(code): Params<u16>) {
    ws.close_with(code, "kicked");
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Deserialize, JsonSchema)]
struct Units {
    scale: f64,
    name: Option<String>,
}

/// Scales a shape.
#[websocket("/scale", on = "message", router = LIVE)]
fn scale(Json(shape): Json<Shape>, Query(units): Query<Units>) -> Json<Shape> {
    let scale = units.scale + f64::from(u8::from(units.name.is_some()));
    Json(match shape {
        Shape::Circle { radius } => Shape::Circle { radius: radius * scale },
        Shape::Square { side } => Shape::Square { side: side * scale },
    })
}

#[websocket("/raw/{*rest}", on = "message", router = LIVE)]
fn raw(message: Message) -> Message {
    message
}

#[websocket("/raw/{*rest}", on = "connect", router = LIVE)]
fn greet(Path(rest): Path<String>) -> String {
    rest
}

#[websocket("/busy", on = "upgrade", router = LIVE)]
fn busy() -> Result<(), Response> {
    Err((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")]).into_response())
}

#[websocket("/forbidden", on = "upgrade", router = LIVE)]
fn forbidden() -> Result<(), StatusCode> {
    Err(StatusCode::FORBIDDEN)
}
