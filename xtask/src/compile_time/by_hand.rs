//! The same program by hand on axum: each endpoint upgrades, and all share one loop over messages.

use std::fmt::Write as _;

use super::program::{KINDS, Style, declared};

pub(super) const STYLE: Style = Style {
    name: "by-hand",
    title: "by hand on axum",
    dependencies: "axum = { version = \"0.8\", features = [\"ws\"] }\nserde_json = \"1\"\n",
    prelude: PRELUDE,
    handlers: [TEXT, JSON, QUERY, PATH, STATE],
    epilogue: routes,
    main,
};

const PRELUDE: &str = r"//! Endpoints.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State, ws::WebSocketUpgrade},
    response::Response,
    routing::any,
};

use crate::{
    talk::{parsed, written, talk},
    types::{Page, Said, Say, Store},
};
";

/// The loop that all endpoints share.
const TALK: &str = r"//! The loop over a client's messages.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde::{Serialize, de::DeserializeOwned};

pub async fn talk(mut socket: WebSocket, mut reply: impl FnMut(&str) -> Result<String, CloseFrame>) {
    while let Some(Ok(message)) = socket.recv().await {
        let answer = match message {
            Message::Text(text) => reply(&text),
            Message::Close(_) => break,
            _ => continue,
        };
        let message = match answer {
            Ok(reply) => Message::Text(reply.into()),
            Err(frame) => Message::Close(Some(frame)),
        };
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

pub fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, CloseFrame> {
    serde_json::from_str(text).map_err(|error| CloseFrame { code: 1007, reason: error.to_string().into() })
}

pub fn written<T: Serialize>(value: &T) -> Result<String, CloseFrame> {
    serde_json::to_string(value).map_err(|error| CloseFrame { code: 1011, reason: error.to_string().into() })
}
";

const TEXT: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| talk(socket, |msg| Ok(format!("handler @@ got {msg}"))))
}
"#;

const JSON: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, State(store): State<Arc<Store>>) -> Response {
    upgrade.on_upgrade(move |socket| {
        talk(socket, move |msg| {
            let say: Say = parsed(msg)?;
            let text = format!("handler @@ got {}", say.text);
            written(&Said { text, number: store.next() })
        })
    })
}
"#;

const QUERY: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, Query(page): Query<Page>) -> Response {
    upgrade.on_upgrade(move |socket| {
        talk(socket, move |msg| {
            let lang = page.lang.as_deref().unwrap_or("en");
            Ok(format!("handler @@ got {msg} in {lang}, up to {}", page.limit))
        })
    })
}
"#;

const PATH: &str = r#"
async fn handler_@@(
    upgrade: WebSocketUpgrade,
    Path(room): Path<String>,
    State(store): State<Arc<Store>>,
) -> Response {
    upgrade.on_upgrade(move |socket| {
        talk(socket, move |msg| {
            let say: Say = parsed(msg)?;
            let to = say.to.as_deref().unwrap_or(&room);
            let text = format!("handler @@ got {} for {to}", say.text);
            written(&Said { text, number: store.next() })
        })
    })
}
"#;

const STATE: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, Query(page): Query<Page>) -> Response {
    let mut seen = 0;
    upgrade.on_upgrade(move |socket| {
        talk(socket, move |msg| {
            let say: Say = parsed(msg)?;
            seen += 1;
            let text = format!("handler @@ got {}, up to {}", say.text, page.limit);
            written(&Said { text, number: seen })
        })
    })
}
"#;

/// Returns the router of a file's endpoints.
fn routes(numbers: &[u32]) -> String {
    const PATHS: [&str; KINDS] = ["/text/@@", "/json/@@", "/query/@@", "/path/@@/{room}", "/state/@@"];

    let mut text = String::from("\npub fn routes() -> Router<Arc<Store>> {\n    Router::new()\n");
    for &number in numbers {
        let path = PATHS[number as usize % KINDS].replace("@@", &number.to_string());
        writeln!(text, "        .route(\"{path}\", any(handler_{number}))").expect("a string takes every write");
    }
    text + "}\n"
}

fn main(modules: &[String]) -> Vec<(&'static str, String)> {
    let merged: Vec<String> = modules
        .iter()
        .map(|module| format!("\n        .merge({module}::routes())"))
        .collect();
    let merged = merged.concat();
    let modules = declared(modules);
    let main = format!(
        r#"//! Many endpoints with one loop.

{modules}mod talk;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {{
    let router = Router::new(){merged}
        .with_state(Arc::new(types::Store::default()));
    axum::serve(TcpListener::bind("127.0.0.1:0").await?, router).await
}}
"#
    );
    vec![("main.rs", main), ("talk.rs", TALK.to_owned())]
}
