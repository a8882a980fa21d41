//! The crate that the editor opens.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use robyn_ws_tests::{runtime_crate, write_crate};
use serde_json::{Value, json};

/// A place in the source file, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A crate with thirty handlers in one file.
pub(crate) struct Project {
    folder: PathBuf,
    text: String,
}

const BEGINNING: &str = r#"//! Thirty handlers.

use robyn_ws::prelude::*;

const PATH: &str = "/constant";

static LEAGUE: SubRouter = SubRouter::new("/league");

/// Counts messages.
#[derive(Default, ConnectionState)]
struct Counter {
    seen: u32,
}

type Reply = Result<String, SendError>;

/// Keeps a number.
#[derive(Default, ConnectionState)]
struct Chat {
    said: u32,
}

#[websocket_view(VIEW, router = LEAGUE)]
impl Chat {
    /// Says it again.
    fn message(&mut self, msg: String) -> String {
        self.said += 1;
        self.worded(&msg)
    }

    #[view(blocking)]
    fn close(&self, reason: &CloseReason) {
        drop(reason.clone());
    }

    fn worded(&self, msg: &str) -> String {
        format!("{} {msg}", self.said)
    }
}

const VIEW: &str = "/view";

#[websocket("/counter", on = "message")]
fn count(counter: &mut Counter) -> String {
    counter.seen += 1;
    counter.seen.to_string()
}

#[websocket("/league", on = "message", router = LEAGUE)]
async fn play(ws: WebSocketConnector, msg: String) -> Result<Reply, HandlerError> {
    ws.async_send(msg.clone()).await?;
    Ok(Ok(msg))
}

#[websocket(PATH, on = "close")]
fn closed(reason: &CloseReason) {
    drop(reason.clone());
}

#[websocket("/upgrade", on = "upgrade")]
fn admit(uri: robyn_ws::axum::http::Uri) -> Result<Counter, robyn_ws::axum::http::StatusCode> {
    drop(uri);
    Ok(Counter::default())
}

#[derive(Clone)]
struct AppState {
    tokens: Vec<String>,
}

#[websocket("/state", on = "upgrade", state = AppState)]
fn admit_by_token(robyn_ws::axum::extract::State(state): robyn_ws::axum::extract::State<AppState>) {
    drop(state.tokens);
}

#[websocket("/session")]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    let text = socket.receive_text().await?;
    socket.send_text(text).await
}

/// Doubles a message.
#[websocket("/3", on = "message")]
fn handler_3(msg: &str) -> String {
    msg.repeat(2)
}

#[test]
fn message_is_doubled() {
    assert_eq!(handler_3("a"), "aa");
}
"#;

impl Project {
    pub(crate) fn create() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor/project");
        let manifest = format!(
            "[package]\nname = \"thirty\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nrobyn-ws = {{ path = \"{}\" }}\n\n[workspace]\n",
            runtime_crate().display()
        );
        let mut text = BEGINNING.to_owned();
        for number in 5..29 {
            let handler = format!(
                "\n#[websocket(\"/{number}\", on = \"message\")]\nfn handler_{number}(ws: &WebSocketConnector, msg: String) -> Message {{\n    ws.sync_broadcast(msg.clone());\n    msg.into()\n}}\n"
            );
            text.write_str(&handler).expect("a string takes all");
        }
        let project = Self { folder, text };
        write_crate(&project.folder, &manifest, Some(&project.text));
        project
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn file(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn uri(&self) -> String {
        format!("file://{}", self.file().display())
    }

    pub(crate) fn document(&self) -> Value {
        json!({ "uri": self.uri() })
    }

    /// Returns the place of `§` in the part of the source that `marked` shows.
    pub(crate) fn place(&self, marked: &str) -> Place {
        place_of(&self.text, marked)
    }
}

/// Returns the place of `§` in the part of `text` that `marked` shows.
pub(crate) fn place_of(text: &str, marked: &str) -> Place {
    let at = marked.find('§').expect("a place is marked");
    let start = text.find(&marked.replace('§', ""));
    let before = &text[..start.unwrap_or_else(|| panic!("the source has no {marked}")) + at];
    let line = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
    Place { line, column }
}

/// Returns the word after `§`.
pub(crate) fn word(marked: &str) -> String {
    let (_, word) = marked.split_once('§').expect("a place is marked");
    let is_part = |char: &char| char.is_alphanumeric() || *char == '_';
    word.chars().take_while(is_part).collect()
}
