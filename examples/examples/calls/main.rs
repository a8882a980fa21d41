//! Methods that clients call in JSON-RPC 2.0, with results, errors and notifications, and a page with buttons for them.
//! Run it: `cargo run --example calls`
//! Then open <http://127.0.0.1:8080> in two tabs, or type `python -m websockets ws://127.0.0.1:8080/calls`, and there: {"jsonrpc": "2.0", "method": "divide", "params": [7, 2], "id": 1}
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber; and `page.html` beside it

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

/// Parameters by name, `{"dividend": 7, "divisor": 2}`, or by position, `[7, 2]`.
#[derive(Deserialize)]
struct Division {
    dividend: i64,
    divisor: i64,
}

#[derive(Serialize)]
struct Quotient {
    quotient: i64,
    remainder: i64,
}

/// The code of an error of our own: those from -32768 to -32000 are reserved.
const DIVIDED_BY_ZERO: i64 = 1;

#[websocket("/calls", on = "call", method = "divide")]
fn divide(Params(Division { dividend, divisor }): Params<Division>) -> Result<Json<Quotient>, CallError> {
    let quotient = dividend.checked_div(divisor).zip(dividend.checked_rem(divisor));
    match quotient {
        Some((quotient, remainder)) => Ok(Json(Quotient { quotient, remainder })),
        None => Err(CallError::new(DIVIDED_BY_ZERO, "cannot divide by that").data(&[dividend, divisor])),
    }
}

/// `?` on any other error answers with -32603, and tells only the log why.
#[websocket("/calls", on = "call", method = "parse")]
fn parse(Params(text): Params<String>) -> Result<i64, CallError> {
    Ok(text.trim().parse()?)
}

/// Notifies the others. The caller gets their number.
#[websocket("/calls", on = "call", method = "say")]
fn say(ws: &WebSocketConnector, Params(text): Params<String>) -> Result<usize, CallError> {
    Ok(ws.others().notify("said", &text)?.queued)
}

/// Calls of a connection share its state, as messages do.
#[derive(Default, ConnectionState)]
struct Visit {
    calls: u32,
}

#[websocket("/calls", on = "call", method = "count")]
fn count(visit: &mut Visit) -> u32 {
    visit.calls += 1;
    visit.calls
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().http(page()).serve(address).await
}

// ---- the page -----------------------------------------------------------------------------------------------------

use robyn_ws::axum::{Router, response::Html, routing::get};

fn page() -> Router {
    Router::new().route("/", get(Html(include_str!("page.html"))))
}
