//! Values that all handlers share: injected once into the app, taken by type, missed when the app is built.
//! Run it: `cargo run --example dependencies`
//! Then type `python -m websockets ws://127.0.0.1:8080/signal`, and there anything

use std::sync::atomic::{AtomicU64, Ordering};

use robyn_ws::prelude::*;

/// What the app knows about the world. It does not change, so everyone can read it.
struct City {
    name: &'static str,
}

/// What handlers of all connections change. They run at the same time, so it has to be an atomic or behind a lock.
#[derive(Default)]
struct Signals {
    seen: AtomicU64,
}

/// `Global<T>` is Robyn's `global_dependencies`, one value for each type. Remove an `inject_global` below, and the
/// program does not start but says which handler misses it.
#[websocket("/signal", on = "message")]
async fn message(ws: WebSocketConnector, city: Global<City>, signals: Global<Signals>) {
    let number = signals.seen.fetch_add(1, Ordering::Relaxed) + 1;
    ws.async_broadcast(format!("Signal {number} over {}", city.name)).await;
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    App::new()
        .inject_global(City { name: "Gotham" })
        .inject_global(Signals::default())
        .serve(robyn_ws_examples::setup()?)
        .await
}
