//! Broadcasting to everyone, to everyone else, and to a room.
//! Run it: `cargo run --example broadcast`
//! Then type `python -m websockets ws://127.0.0.1:8080/broadcast` in two terminals, and there: hello, /join red, /red hello
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

#[websocket("/broadcast", on = "connect")]
fn connect(ws: &WebSocketConnector) -> String {
    // The newcomer is connected already: without `others` it would be told about itself.
    ws.others().sync_broadcast("Somebody came");
    format!("{} connected", ws.everyone().count())
}

#[websocket("/broadcast", on = "message")]
async fn message(ws: WebSocketConnector, msg: &str) -> Option<String> {
    // A room is a name. It exists while it has members, and a client that disconnects leaves all its rooms.
    if let Some(room) = msg.strip_prefix("/join ") {
        ws.join(room);
        return Some(format!("{} in {room}", ws.to(room).count()));
    }
    if let Some((room, text)) = msg.strip_prefix('/').and_then(|msg| msg.split_once(' ')) {
        // `sync_broadcast` never waits. `Limits::overflow` decides about clients that read too slowly.
        let delivery = ws.to(room).sync_broadcast(format!("{room}: {text}"));
        return Some(format!("Told {}", delivery.queued));
    }
    // `async_broadcast` waits a short time for slow clients. The other clients do not wait for them.
    ws.async_broadcast(msg).await;
    None
}

#[websocket("/broadcast", on = "close")]
fn close(ws: &WebSocketConnector) {
    // The client that left is not part of everyone any more.
    ws.sync_broadcast("Somebody left");
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
