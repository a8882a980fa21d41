//! Who is here: people with their tabs, and whether they are idle, in the browser. Two tabs of one person are one arrival.
//! Run it: `cargo run --example who_is_here`
//! Then open <http://127.0.0.1:8080> in several tabs, with the same name and with another one
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber; and `page.html` beside it

#![expect(clippy::needless_pass_by_value, reason = "handlers own what they are given")]

use std::sync::Arc;

use robyn_ws::{
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

const PATH: &str = "/here";

/// The room of everybody, and that of the tabs that somebody uses at the moment.
const HALL: &str = "hall";
const ACTIVE: &str = "active";

/// The longest name, in characters. The page has the same limit.
const LONGEST_NAME: usize = 24;

/// The query of the URL. A name stands for a person here, as it is typed. The example `auth` shows how to authenticate
/// people.
#[derive(Deserialize)]
struct Introduction {
    name: String,
}

/// Notified when the list of people has changed.
type Changed = Arc<Notify>;

/// An event that the page shows.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Came { name: Identity },
    Gone { name: Identity },
    People { people: &'a [Person] },
}

#[derive(Serialize)]
struct Person {
    name: Identity,
    tabs: usize,
    is_idle: bool,
}

/// Says who the client is. A client without a proper name is refused with HTTP 400, before there is a connection.
#[websocket(PATH, on = "upgrade")]
fn enter(Query(Introduction { name }): Query<Introduction>) -> Result<Identity, (StatusCode, String)> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let problem = format!("a name has 1 to {LONGEST_NAME} characters\n");
        return Err((StatusCode::BAD_REQUEST, problem));
    }
    Ok(Identity::new(name))
}

#[websocket(PATH, on = "connect")]
fn came(ws: &WebSocketConnector, changed: Global<Changed>) -> Result<(), HandlerError> {
    ws.join(ACTIVE);
    // Only the first tab of a person is an arrival, also where two of them come in the same moment.
    let joined = ws.join(HALL);
    if let Some(who) = ws.identity().filter(|_| joined.first_of_identity) {
        ws.to(HALL).sync_broadcast_json(&Event::Came { name: who })?;
    }
    changed.notify_one();
    Ok(())
}

/// The page says whether somebody uses it.
#[websocket(PATH, on = "message")]
fn used(ws: &WebSocketConnector, msg: &str, changed: Global<Changed>) {
    match msg {
        "active" => {
            ws.join(ACTIVE);
        }
        "idle" => {
            ws.leave(ACTIVE);
        }
        _ => return,
    }
    changed.notify_one();
}

/// Runs however the connection ended, and knows the rooms that it was in.
#[websocket(PATH, on = "close")]
fn gone(ws: &WebSocketConnector, departed: Departed, changed: Global<Changed>) -> Result<(), HandlerError> {
    let mut departed = departed.filter(|departure| departure.room == HALL && departure.last_of_identity);
    if let Some(who) = ws.identity().filter(|_| departed.next().is_some()) {
        ws.to(HALL).sync_broadcast_json(&Event::Gone { name: who })?;
    }
    changed.notify_one();
    Ok(())
}

/// Sends the list of people after changes. Only one task does so: lists of several tasks could overtake each other, and an
/// old one would stay on the pages. Changes that come meanwhile are one list.
async fn publish(hub: Hub, changed: Changed) -> Result<(), JsonError> {
    loop {
        changed.notified().await;
        let hall = hub.endpoint(PATH).to(HALL);
        let active = hub.endpoint(PATH).to(ACTIVE).identities();
        let people: Vec<_> = hall
            .identities()
            .into_iter()
            .map(|who| Person {
                tabs: hub.identity(&who).count(),
                is_idle: !active.contains(&who),
                name: who,
            })
            .collect();
        hall.async_broadcast_json(&Event::People { people: &people }).await?;
    }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let changed = Changed::default();
    // Somebody who opens an eleventh tab loses the first one, whose page does not come back by itself.
    let limits = Limits::default()
        .max_message_size(64)
        .max_messages_per_second(10)
        .max_connections_per_identity(10)
        .identity_overflow(IdentityOverflow::CloseOldest);
    let app = App::new()
        .http(Router::new().route("/", get(Html(include_str!("page.html")))))
        .inject_global(changed.clone())
        .limits(limits);
    tokio::spawn(publish(app.hub(), changed));
    app.serve(address).await
}
