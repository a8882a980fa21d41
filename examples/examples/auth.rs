//! Authentication: an upgrade handler that answers 401, or returns the user as the state of the connection.
//! Run it: `cargo run --example auth`
//! Then type `python -m websockets "ws://127.0.0.1:8080/cave?token=alfred-1"`, and then the same without the token
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use std::collections::HashMap;

use robyn_ws::{
    axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE},
    prelude::*,
};
use serde::Deserialize;
use tokio::sync::RwLock;

/// The names of users by token. It stands for a database, which a handler also has to wait for.
struct Keys(RwLock<HashMap<&'static str, &'static str>>);

/// The connected user. It has no `Default`, and `from_upgrade` says that only an upgrade handler creates it: an app
/// whose endpoint takes `&User` but has no such handler does not start. So no stranger reaches a handler that takes it.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct User {
    name: &'static str,
}

/// The token in the query, for browsers: a page cannot set the `Authorization` header. Beware that proxies log URLs.
#[derive(Deserialize)]
struct Ticket {
    token: Option<String>,
}

/// Runs before the connection exists. A refusal is an ordinary HTTP answer, and the handlers below never hear of it.
#[websocket("/cave", on = "upgrade")]
async fn upgrade(
    headers: &HeaderMap,
    Query(ticket): Query<Ticket>,
    keys: Global<Keys>,
) -> Result<User, impl IntoResponse> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = bearer.or(ticket.token.as_deref()).unwrap_or_default();
    match keys.0.read().await.get(token) {
        Some(name) => Ok(User { name }),
        None => Err((
            StatusCode::UNAUTHORIZED,
            [(WWW_AUTHENTICATE, "Bearer")],
            "the cave needs a valid token\n",
        )),
    }
}

#[websocket("/cave", on = "connect")]
fn connect(user: &User) -> String {
    format!("Welcome, {}", user.name)
}

#[websocket("/cave", on = "message")]
fn message(user: &User, msg: &str) -> String {
    format!("{} said {msg}", user.name)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let keys = HashMap::from([("alfred-1", "Alfred"), ("robin-2", "Robin")]);
    App::new().inject_global(Keys(RwLock::new(keys))).serve(address).await
}
