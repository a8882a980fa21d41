//! A session handler owns the socket. `connect` and `close` handlers may stand beside it.

#![deny(warnings)]

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Room {
    room: String,
}

#[derive(Deserialize, Serialize)]
struct Say {
    text: String,
}

#[websocket("/ws")]
async fn session(mut socket: WebSocket, Query(room): Query<Room>) -> Result<(), Disconnected> {
    socket.connector().join(room.room);
    loop {
        let text = socket.receive_text().await?;
        socket.send_text(format!("Echo: {text}")).await?;
    }
}

#[websocket("/ws", on = "connect")]
fn connect() -> &'static str {
    "Connected"
}

#[websocket("/ws", on = "close")]
fn close(reason: CloseReason) {
    drop(reason);
}

#[websocket("/everything")]
async fn everything(mut socket: WebSocket) -> Result<(), Disconnected> {
    let message: Message = socket.receive().await?;
    let bytes: Bytes = socket.receive_bytes().await?;
    let say: Say = socket.receive_json().await?;
    socket.send(message).await?;
    socket.send_bytes(bytes).await?;
    socket.send_json(&say).await?;
    let _: Delivery = socket.broadcast(say.text).await;
    let _: ConnectionId = socket.id();
    if socket.query_params().get("name").is_none() {
        let left = Disconnected {
            code: 1000,
            reason: "nobody".to_owned(),
        };
        return Err(left);
    }
    socket.close().await
}

/// It need not take the socket, nor return a `Result`.
#[websocket("/greeting")]
async fn greeting() -> &'static str {
    "Hello and goodbye"
}

fn main() -> Result<(), BuildErrors> {
    assert_eq!(connect(), "Connected");
    App::new().build()?;
    Ok(())
}
