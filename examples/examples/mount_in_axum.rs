//! WebSockets in an existing axum app: merged into it, nested in it, and behind its tower layers.
//! Run it: `cargo run --example mount_in_axum`
//! Then type `python -m websockets ws://127.0.0.1:8080/echo` or `…/live/echo`, and there anything
//! Needs: robyn-ws, axum, tokio (full), tower-http (set-header, trace), tracing, tracing-subscriber

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

// ---- the existing app ---------------------------------------------------------------------------------------------

/// The state of the axum app.
#[derive(Default)]
struct Visits(AtomicU64);

/// The number of a request.
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

/// Handlers of a connection can take the extensions that a layer has added to the request.
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
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    // `App::router` returns the router alone. `App::build` also returns the shutdown, which ends connections in order.
    let BuiltApp { router, shutdown, .. } = App::new().build()?;

    // Merged, endpoints keep their paths; nested, they get a prefix. Most apps need only one of the two.
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

    let listener = TcpListener::bind(&address)
        .await
        .map_err(|source| ServeError::Bind { address, source })?;
    tracing::info!("listening on http://{} (stop with Ctrl-C)", listener.local_addr()?);
    // `axum-server`, which also speaks TLS, serves the same router: the page `docs::from_axum` shows how.
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // axum's own shutdown ignores connections that have become WebSockets. On Ctrl-C or SIGTERM this closes them
            // with 1001, and after ten seconds aborts the rest.
            shutdown.on_signal(Duration::from_secs(10)).await;
        })
        .await?;
    Ok(())
}
