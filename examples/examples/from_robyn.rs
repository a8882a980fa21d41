//! The page `WebSockets` of Robyn's documentation as one app, with an endpoint for each snippet.
//! Run it: `cargo run --example from_robyn`
//! Then type `python -m websockets ws://127.0.0.1:8080/web_socket`, or another path below, and there anything
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

// ---- connect, message, close --------------------------------------------------------------------------------------

#[websocket("/web_socket", on = "connect")]
fn connect() -> &'static str {
    "Connected to ws"
}

#[websocket("/web_socket", on = "message")]
fn message() -> &'static str {
    "Hello world, from ws"
}

// Runs once, however the connection ended. A client that closes in order still receives the reply, though a browser
// does not show it.
#[websocket("/web_socket", on = "close")]
fn close() -> &'static str {
    "Goodbye world, from ws"
}

// ---- sending to one client ----------------------------------------------------------------------------------------

// In Python these handlers end with `return ""`, which sends an empty message. Here a handler that has nothing to say
// returns nothing. An error that it returns, such as a full queue, closes the connection and is logged.
#[websocket("/sync_send_to", on = "message")]
fn sync_send_to(ws: &WebSocketConnector) -> Result<(), SendError> {
    ws.sync_send_to(ws.id(), "This is a message to self")
}

/// The state of one connection: `websocket_state[websocket_id]` on Robyn's page.
///
/// Each connection has its own. It needs no lock, because the handlers of a connection run one after the other.
#[derive(Default, ConnectionState)]
struct Session {
    /// How many messages this client has sent.
    messages: u32,
}

// Arguments are bound by type. A handler takes the ones it uses, in any order.
#[websocket("/async_send_to", on = "message")]
async fn async_send_to(ws: WebSocketConnector, session: &mut Session) -> Result<String, SendError> {
    session.messages += 1;
    // `sync_send_to` fails if the client's queue is full, `async_send_to` waits for room in it.
    ws.async_send_to(ws.id(), "This is a message to self").await?;
    Ok(format!("You have sent {} so far", session.messages))
}

// ---- broadcasting -------------------------------------------------------------------------------------------------

// Every client of this endpoint receives it, the sender too.
#[websocket("/sync_broadcast", on = "message")]
fn sync_broadcast(ws: &WebSocketConnector) {
    ws.sync_broadcast("This is a message to self");
}

#[websocket("/async_broadcast", on = "message")]
async fn async_broadcast(ws: WebSocketConnector) {
    ws.async_broadcast("This is a message to self").await;
}

// ---- query parameters ---------------------------------------------------------------------------------------------

#[websocket("/query_params", on = "message")]
fn query_params(ws: &WebSocketConnector) {
    let query = ws.query_params();
    if query.get("name") == Some("gordon") && query.get("desg") == Some("commissioner") {
        ws.sync_broadcast("Gordon authorized to login!");
    }
}

// ---- closing from the server --------------------------------------------------------------------------------------

#[websocket("/close", on = "message")]
fn disconnect(ws: &WebSocketConnector, msg: &str) -> &'static str {
    if msg == "disconnect" {
        // The connection leaves the hub at once. The client still receives the reply, and then the Close frame.
        ws.close();
        return "Closing connection";
    }
    "Message received"
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
