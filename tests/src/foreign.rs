//! Handlers in another crate than the app: they are found once that crate is referenced.

use robyn_ws::prelude::*;

/// The sub-router that an app includes to have the handlers of this crate.
pub static FOREIGN: SubRouter = SubRouter::new("/foreign");

#[websocket("/hello", on = "connect", router = FOREIGN)]
fn greet() -> &'static str {
    "hello from another crate"
}

#[websocket("/hello", on = "message", router = FOREIGN)]
async fn echo(ws: WebSocketConnector, msg: &str) -> Result<String, SendError> {
    ws.async_send("heard abroad").await?;
    Ok(msg.to_uppercase())
}

#[websocket("/hello", on = "close", router = FOREIGN)]
fn part() -> &'static str {
    "goodbye from another crate"
}
