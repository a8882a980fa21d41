//! Session handlers: one function that owns the socket, receives in a loop, and can wait for other events meanwhile.
//! Run it: `cargo run --example session`
//! Then type `python -m websockets ws://127.0.0.1:8080/echo` or `…/countdown?from=10`, and there anything
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use std::time::Duration;

use robyn_ws::prelude::*;
use serde::Deserialize;

/// Robyn's newer `@app.websocket`. The end of the connection is an error, so that `?` leaves the loop; a handler that
/// returns it ends in order.
#[websocket("/echo")]
async fn echo(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let text = socket.receive_text().await?;
        socket.send_text(format!("Echo: {text}")).await?;
    }
}

/// The query of `/countdown`.
#[derive(Deserialize)]
struct Countdown {
    /// The first number.
    from: u32,
}

/// Counts down once a second, and stops when the client says anything.
#[websocket("/countdown")]
async fn countdown(mut socket: WebSocket, Query(Countdown { from }): Query<Countdown>) -> Result<(), Disconnected> {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    for left in (0..=from).rev() {
        tokio::select! {
            // `receive` can be canceled at any time without losing a message.
            message = socket.receive() => {
                message?;
                return socket.send_text(format!("Stopped before {left}")).await;
            }
            _ = second.tick() => socket.send_text(left.to_string()).await?,
        }
    }
    // A session handler that returns closes the connection, with code 1000.
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
