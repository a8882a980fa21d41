//! Sub-routers: a prefix, dependencies and limits for a group of endpoints, which can contain other groups.
//! Run it: `cargo run --example sub_router`
//! Then type `python -m websockets ws://127.0.0.1:8080/league/chat` or `…/league/cave/computer`, and there anything
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

// A sub-router is a `static`, so that handlers in any module can name it. They are served where it is included.
static LEAGUE: SubRouter = SubRouter::new("/league");
static CAVE: SubRouter = SubRouter::new("/cave");

/// A dependency; each sub-router has its own value.
struct Motto(&'static str);

/// Served at `/league/chat`. A broadcast stays on its endpoint: nobody at `/cave/…` hears it.
#[websocket("/chat", on = "message", router = LEAGUE)]
async fn chat(ws: WebSocketConnector, msg: &str, motto: Scoped<Motto>) {
    ws.async_broadcast(format!("{msg} ({})", motto.0)).await;
}

/// Served at `/league/cave/computer`. `Scoped<T>` is the `T` of the nearest sub-router around the handler.
#[websocket("/computer", on = "message", router = CAVE)]
async fn computer(ws: WebSocketConnector, motto: Scoped<Motto>) {
    ws.async_broadcast(format!("Somebody is at the computer ({})", motto.0))
        .await;
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let cave = CAVE
        .inject(Motto("I work alone"))
        .limits(Limits::default().max_message_size(1024));
    let league = LEAGUE.inject(Motto("We are many")).include_router(cave);
    App::new().include_router(league).serve(address).await
}
