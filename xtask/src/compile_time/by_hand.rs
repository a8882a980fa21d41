//! The same program written by hand on axum: each endpoint upgrades, and loops over its messages.

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
    extract::{
        Path, Query, State,
        ws::{CloseFrame, Message, WebSocketUpgrade},
    },
    response::Response,
    routing::any,
};

use crate::types::{Page, Said, Say, Store};
";

const TEXT: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let msg = match message {
                Message::Text(text) => text,
                Message::Close(_) => break,
                _ => continue,
            };
            let reply = format!("handler @@ got {msg}");
            if socket.send(Message::Text(reply.into())).await.is_err() {
                break;
            }
        }
    })
}
"#;

const JSON: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, State(store): State<Arc<Store>>) -> Response {
    upgrade.on_upgrade(move |mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let text = match message {
                Message::Text(text) => text,
                Message::Close(_) => break,
                _ => continue,
            };
            let say: Say = match serde_json::from_str(&text) {
                Ok(say) => say,
                Err(error) => {
                    let frame = CloseFrame { code: 1007, reason: error.to_string().into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    break;
                }
            };
            let text = format!("handler @@ got {}", say.text);
            let said = Said { text, number: store.next() };
            let Ok(reply) = serde_json::to_string(&said) else { break };
            if socket.send(Message::Text(reply.into())).await.is_err() {
                break;
            }
        }
    })
}
"#;

const QUERY: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, Query(page): Query<Page>) -> Response {
    upgrade.on_upgrade(move |mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let msg = match message {
                Message::Text(text) => text,
                Message::Close(_) => break,
                _ => continue,
            };
            let lang = page.lang.as_deref().unwrap_or("en");
            let reply = format!("handler @@ got {msg} in {lang}, up to {}", page.limit);
            if socket.send(Message::Text(reply.into())).await.is_err() {
                break;
            }
        }
    })
}
"#;

const PATH: &str = r#"
async fn handler_@@(
    upgrade: WebSocketUpgrade,
    Path(room): Path<String>,
    State(store): State<Arc<Store>>,
) -> Response {
    upgrade.on_upgrade(move |mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let text = match message {
                Message::Text(text) => text,
                Message::Close(_) => break,
                _ => continue,
            };
            let say: Say = match serde_json::from_str(&text) {
                Ok(say) => say,
                Err(error) => {
                    let frame = CloseFrame { code: 1007, reason: error.to_string().into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    break;
                }
            };
            let to = say.to.as_deref().unwrap_or(&room);
            let text = format!("handler @@ got {} for {to}", say.text);
            let said = Said { text, number: store.next() };
            let Ok(reply) = serde_json::to_string(&said) else { break };
            if socket.send(Message::Text(reply.into())).await.is_err() {
                break;
            }
        }
    })
}
"#;

const STATE: &str = r#"
async fn handler_@@(upgrade: WebSocketUpgrade, Query(page): Query<Page>) -> Response {
    upgrade.on_upgrade(move |mut socket| async move {
        let mut seen = 0;
        while let Some(Ok(message)) = socket.recv().await {
            let text = match message {
                Message::Text(text) => text,
                Message::Close(_) => break,
                _ => continue,
            };
            let say: Say = match serde_json::from_str(&text) {
                Ok(say) => say,
                Err(error) => {
                    let frame = CloseFrame { code: 1007, reason: error.to_string().into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    break;
                }
            };
            seen += 1;
            let text = format!("handler @@ got {}, up to {}", say.text, page.limit);
            let said = Said { text, number: seen };
            let Ok(reply) = serde_json::to_string(&said) else { break };
            if socket.send(Message::Text(reply.into())).await.is_err() {
                break;
            }
        }
    })
}
"#;

/// The router of a file's endpoints.
fn routes(numbers: &[u32]) -> String {
    const PATHS: [&str; KINDS] = ["/text/@@", "/json/@@", "/query/@@", "/path/@@/{room}", "/state/@@"];

    let mut text = String::from("\npub fn routes() -> Router<Arc<Store>> {\n    Router::new()\n");
    for &number in numbers {
        let path = PATHS[number as usize % KINDS].replace("@@", &number.to_string());
        writeln!(text, "        .route(\"{path}\", any(handler_{number}))").expect("a string takes every write");
    }
    text + "}\n"
}

fn main(modules: &[String]) -> String {
    let merged: Vec<String> = modules
        .iter()
        .map(|module| format!("\n        .merge({module}::routes())"))
        .collect();
    let merged = merged.concat();
    let modules = declared(modules);
    format!(
        r#"//! Many endpoints, each with a loop.

{modules}
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
    )
}
