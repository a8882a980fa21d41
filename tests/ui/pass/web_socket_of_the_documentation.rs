//! The endpoint that Robyn's documentation begins with: a function for each event, which together are one endpoint.

#![deny(warnings)]

use robyn_ws::prelude::*;

struct Justice {
    city: &'static str,
}

#[websocket("/web_socket", on = "connect")]
fn connect() -> &'static str {
    "Connected to ws"
}

#[websocket("/web_socket", on = "message")]
async fn message(ws: WebSocketConnector, msg: String, deps: Global<Justice>) -> Result<String, SendError> {
    ws.async_send_to(ws.id(), "This is a message to self").await?;
    Ok(format!("{msg} from {}", deps.city))
}

#[websocket("/web_socket", on = "close")]
fn close() -> &'static str {
    "Goodbye world, from ws"
}

fn main() -> Result<(), BuildErrors> {
    assert_eq!(connect(), "Connected to ws");
    assert_eq!(close(), "Goodbye world, from ws");
    let running = App::new().inject_global(Justice { city: "Gotham" }).build()?;
    assert!(running.hub.paths().eq(["/web_socket"]));
    Ok(())
}
