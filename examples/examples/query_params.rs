//! Query and path parameters: read by hand as in Robyn, or typed, so that wrong ones are refused before the connection.
//! Run it: `cargo run --example query_params`
//! Then type `python -m websockets "ws://127.0.0.1:8080/login?name=gordon&desg=commissioner"` or `…/floor/3?lamps=2`
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use robyn_ws::prelude::*;
use serde::Deserialize;

/// Reads parameters one by one. Their values are decoded: `?name=g%6Frdon` is `gordon`, too.
#[websocket("/login", on = "connect")]
fn login(ws: &WebSocketConnector) -> String {
    let query = ws.query_params();
    match (query.get("name"), query.get("desg")) {
        (Some("gordon"), Some("commissioner")) => "Gordon authorized to login!".to_owned(),
        (Some(name), _) => format!("{name} is not authorized"),
        (None, _) => "Who is there?".to_owned(),
    }
}

/// The query of `/floor/{number}`.
#[derive(Deserialize)]
struct Lights {
    /// The number of lamps to switch on.
    lamps: u8,
    /// `true` to dim them; `false` if it is not in the query.
    #[serde(default)]
    dimmed: bool,
}

/// Takes typed parameters. `?lamps=many` or `/floor/attic` is answered with HTTP 400 and a reason, and no connection is
/// opened.
#[websocket("/floor/{number}", on = "connect")]
fn floor(Path(number): Path<i8>, Query(lights): Query<Lights>) -> String {
    let how = if lights.dimmed { "dimmed" } else { "bright" };
    format!("Floor {number}: {} {how} lamps", lights.lamps)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
