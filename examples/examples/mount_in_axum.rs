//! Sockets in an axum app that exists already: merged into it, nested in it, and behind its tower layers.
//! Run it: `cargo run --example mount_in_axum`
//! Then type `python -m websockets ws://127.0.0.1:8080/echo` or `…/live/echo`, and there anything

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderValue,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use robyn_ws::prelude::*;
use tokio::net::TcpListener;
use tower_http::{set_header::SetResponseHeaderLayer, trace::TraceLayer};

// ---- the app that exists already ----------------------------------------------------------------------------------

/// The state of the axum app.
#[derive(Default)]
struct Visits(AtomicU64);

/// How many requests came before this one, and this one.
#[derive(Clone, Copy)]
struct Visit(u64);

/// A middleware: counts each request and leaves its number for the handlers.
async fn count(State(visits): State<Arc<Visits>>, mut request: Request, next: Next) -> Response {
    let number = visits.0.fetch_add(1, Ordering::Relaxed) + 1;
    request.extensions_mut().insert(Visit(number));
    next.run(request).await
}

async fn home(Extension(Visit(number)): Extension<Visit>) -> String {
    format!("Visit {number}\n")
}

// ---- the WebSockets -----------------------------------------------------------------------------------------------

/// What a layer has left in the request is there for the handlers of the connection, too.
#[websocket("/echo", on = "connect")]
fn connect(Extension(Visit(number)): Extension<Visit>) -> String {
    format!("Visit {number}")
}

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

// ---- both together ------------------------------------------------------------------------------------------------

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let address = robyn_ws_examples::setup()?;
    // `App::router` gives the router alone. `App::build` also gives what ends the connections in order.
    let BuiltApp { router, shutdown, .. } = App::new().build()?;

    // Merged, the endpoints are where they say; nested, they are behind the prefix. Nobody needs both, but one can.
    let app = Router::new()
        .route("/", get(home))
        .merge(router.clone())
        .nest("/live", router)
        .layer(middleware::from_fn_with_state(Arc::<Visits>::default(), count))
        .layer(SetResponseHeaderLayer::overriding(
            axum::http::header::SERVER,
            HeaderValue::from_static("gotham"),
        ))
        .layer(TraceLayer::new_for_http());

    let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Bind {
        address: address.to_string(),
        source,
    })?;
    println!("listening on http://{} (stop with Ctrl-C)", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // axum's own shutdown does not see connections that have become WebSockets. On Ctrl-C or SIGTERM this closes
            // them with 1001, and after ten seconds cuts those that do not end.
            shutdown.on_signal(Duration::from_secs(10)).await;
        })
        .await?;
    Ok(())
}
