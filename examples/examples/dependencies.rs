//! Values that all handlers share: injected once into the app, taken by type, and checked when the app is built.
//! Run it: `cargo run --example dependencies`
//! Then type `python -m websockets ws://127.0.0.1:8080/signal`, and there anything
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use std::sync::atomic::{AtomicU64, Ordering};

use robyn_ws::prelude::*;

/// A value that does not change, so every handler can read it.
struct City {
    name: &'static str,
}

/// A value that handlers of all connections change. They run at the same time, so it is atomic; a lock works as well.
#[derive(Default)]
struct Signals {
    seen: AtomicU64,
}

/// `Global<T>` is Robyn's `global_dependencies`, one value for each type. Remove an `inject_global` below, and the
/// program does not start, but names the handler that misses the value.
#[websocket("/signal", on = "message")]
async fn message(ws: WebSocketConnector, city: Global<City>, signals: Global<Signals>) {
    let number = signals.seen.fetch_add(1, Ordering::Relaxed) + 1;
    ws.async_broadcast(format!("Signal {number} over {}", city.name)).await;
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new()
        .inject_global(City { name: "Gotham" })
        .inject_global(Signals::default())
        .serve(address)
        .await
}
