//! The routes by which a supervisor or a load balancer asks for the state of the server.

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::hub::Hub;

/// Returns the route that is answered as long as the process serves requests.
pub(super) fn live(path: &str) -> Router {
    Router::new().route(path, get(async || answer(StatusCode::OK, "ok\n")))
}

/// Returns the route that is refused from the moment at which a drain begins.
pub(super) fn ready(path: &str) -> Router {
    Router::new().route(path, get(readiness))
}

async fn readiness(hub: Hub) -> Response {
    if hub.drain().has_begun() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        answer(StatusCode::OK, "ready\n")
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
