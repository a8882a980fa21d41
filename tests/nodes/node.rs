//! One node of an app, as a process of its own.
//!
//! Arguments: the address of the broker, the prefix, and the secret, which may be empty. A client says who it is and in which
//! rooms by its query, and gets its id. What it asks is answered in one text.

use std::{env, error::Error, io, time::Duration};

use robyn_ws::{BackplaneCounters, BackplaneKey, prelude::*};
use robyn_ws_tests::memory_kib;
use serde::Deserialize;

#[derive(Deserialize)]
struct Who {
    user: Option<String>,
    /// Names with commas between them.
    rooms: Option<String>,
}

#[websocket("/nodes", on = "connect")]
fn connect(ws: &WebSocketConnector, Query(who): Query<Who>) -> String {
    let is_known = who.user.is_some();
    who.user.into_iter().for_each(|user| drop(ws.identify(user)));
    for room in who.rooms.iter().flat_map(|rooms| rooms.split(',')) {
        ws.join(room);
        if is_known {
            ws.track(room, "here").expect("it is in the room");
        }
    }
    ws.id().to_string()
}

/// `say room text`, `enter room` and `exit room`; `people room`, `send id text`, `deliver room text`, `counters` and `memory`,
/// which are answered.
#[websocket("/nodes", on = "message")]
async fn message(ws: &WebSocketConnector, hub: Hub, msg: &str) -> Option<String> {
    let (word, rest) = msg.split_once(' ').unwrap_or((msg, ""));
    let (first, text) = rest.split_once(' ').unwrap_or((rest, ""));
    match word {
        "say" => {
            ws.to(first).sync_broadcast(text);
            return None;
        }
        "enter" => {
            ws.join(first);
            ws.track(first, "here").expect("it is in the room");
            return None;
        }
        "exit" => {
            ws.leave(first);
            return None;
        }
        _ => {}
    }
    Some(match word {
        "people" => {
            let people = ws.to(first).presence();
            let people = people
                .iter()
                .map(|who| format!("{}:{}", who.identity(), who.connections()));
            people.collect::<Vec<_>>().join(" ")
        }
        "send" => {
            let id = first.parse().expect("an id");
            format!("{:?}", ws.async_send_to(id, text).await)
        }
        "deliver" => format!("{:?}", ws.to(first).sync_broadcast(text).backplane),
        "counters" => counters(&hub.backplane_counters().expect("a backplane")),
        "memory" => memory_kib().unwrap_or_default().to_string(),
        other => panic!("{other} is not a word of these tests"),
    })
}

fn counters(counters: &BackplaneCounters) -> String {
    let BackplaneCounters {
        dropped,
        repeated,
        gaps,
        late,
        lost,
        ignored,
        ..
    } = counters;
    format!("{dropped} {repeated} {gaps} {late} {lost} {ignored}")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [broker, prefix, secret] = &*arguments else {
        return Err("expected three arguments: broker, prefix, secret".into());
    };
    let limits = Limits::default()
        .max_outbound_messages(20_000)
        .max_outbound_bytes(64 * 1024 * 1024)
        .shutdown_grace(Duration::from_secs(5));
    let app = App::new().limits(limits);
    let app = if broker.starts_with("redis://") {
        app.backplane(Redis::connect(broker.as_str()).await?.prefix(prefix)?)
    } else {
        app.backplane(Nats::connect(broker).await?.prefix(prefix)?)
    };
    let app = if secret.is_empty() {
        app
    } else {
        app.backplane_key(BackplaneKey::new(secret))
    };
    app.serve("127.0.0.1:0").await?;
    Ok(())
}
