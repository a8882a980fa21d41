//! Query and path parameters, read by hand as in Robyn, and typed, where a wrong one is refused before the connection.
//! Run it: `cargo run --example query_params`
//! Then type `python -m websockets "ws://127.0.0.1:8080/login?name=gordon&desg=commissioner"` or `…/floor/3?lamps=2`

use robyn_ws::prelude::*;
use serde::Deserialize;

/// Reads what is there. The values are decoded: `?name=g%6Frdon` is `gordon`, too.
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
    /// How many lamps to switch on.
    lamps: u8,
    /// Whether to dim them; `false` where the query says nothing.
    #[serde(default)]
    dimmed: bool,
}

/// Says what it wants. `?lamps=many` or `/floor/attic` is answered with HTTP 400, which tells what is wrong with it, and
/// no connection is opened.
#[websocket("/floor/{number}", on = "connect")]
fn floor(Path(number): Path<i8>, Query(lights): Query<Lights>) -> String {
    let how = if lights.dimmed { "dimmed" } else { "bright" };
    format!("Floor {number}: {} {how} lamps", lights.lamps)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    App::new().serve(robyn_ws_examples::setup()?).await
}
