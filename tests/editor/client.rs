//! An editor: a client of the Language Server Protocol that talks to rust-analyzer.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use robyn_ws_tests::skip;
use serde_json::{Value, json};

use crate::{
    elements,
    project::{Place, Project, place_of},
    start_of,
};

/// The time in which rust-analyzer loads the crate, whose dependencies it compiles, on a loaded machine.
const LOADING: Duration = Duration::from_mins(10);

/// The time for an answer.
const ANSWER: Duration = Duration::from_mins(2);

pub(crate) struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    last_version: u64,
    uri: String,
    /// The text that the server has.
    text: String,
}

impl Editor {
    /// Opens the crate, and waits until rust-analyzer knows it. Returns `None` where that is not installed.
    pub(crate) fn open(project: &Project) -> Option<Self> {
        let mut server = start(project.folder())?;
        let input = server.stdin.take().expect("stdin is piped");
        let output = BufReader::new(server.stdout.take().expect("stdout is piped"));
        let (sender, messages) = mpsc::sync_channel(1024);
        thread::spawn(move || messages_of(output).try_for_each(|message| sender.send(message)));
        let mut editor = Self {
            server,
            input,
            messages,
            last_id: 0,
            last_version: 1,
            uri: project.uri(),
            text: project.text().to_owned(),
        };
        editor.initialize(project);
        Some(editor)
    }

    fn initialize(&mut self, project: &Project) {
        let root = format!("file://{}", project.folder().display());
        // Its own target folder keeps rust-analyzer from waiting for the cargo that runs this test.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor/target");
        self.ask(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": root,
                "workspaceFolders": [{ "uri": root, "name": "thirty" }],
                "capabilities": {
                    "textDocument": { "diagnostic": {}, "hover": { "contentFormat": ["markdown"] } },
                    "workspace": { "workspaceEdit": { "documentChanges": true } },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": {
                    "checkOnSave": false,
                    "cachePriming": { "enable": false },
                    "cargo": { "targetDir": target },
                    "completion": { "autoimport": { "enable": false } },
                },
            }),
        );
        self.tell("initialized", &json!({}));
        let document =
            json!({ "uri": self.uri.clone(), "languageId": "rust", "version": 1, "text": self.text.clone() });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        let status = self.wait_for("the crate to be loaded", LOADING, |message| {
            message["method"] == "experimental/serverStatus" && message["params"]["quiescent"] == true
        });
        assert_eq!(status["params"]["health"], "ok", "{status:#}");
    }

    // ---- questions ------------------------------------------------------------------------------------------------

    /// Returns the lines of the definitions of the word at `place`.
    pub(crate) fn definitions(&mut self, place: Place) -> Vec<String> {
        let found = self.ask_about("textDocument/definition", place, &json!({}));
        elements(&found).iter().map(line_of).collect()
    }

    /// Returns the lines with the word at `place`, its definition included.
    pub(crate) fn references(&mut self, place: Place) -> Vec<String> {
        let context = json!({ "context": { "includeDeclaration": true } });
        let found = self.ask_about("textDocument/references", place, &context);
        elements(&found).iter().map(line_of).collect()
    }

    /// Returns the text shown for the word at `place`.
    pub(crate) fn hover(&mut self, place: Place) -> String {
        let shown = self.ask_about("textDocument/hover", place, &json!({}));
        shown["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the text after the word at `place` is renamed.
    pub(crate) fn rename(&mut self, place: Place, new: &str) -> String {
        let changes = self.ask_about("textDocument/rename", place, &json!({ "newName": new }));
        let files = elements(&changes["documentChanges"]);
        assert_eq!(files.len(), 1, "only this file changes: {changes}");
        let edits = files[0]["edits"].clone();
        let mut edits: Vec<(usize, usize, String)> = elements(&edits)
            .iter()
            .map(|edit| {
                let start = self.offset(&edit["range"]["start"]);
                let end = self.offset(&edit["range"]["end"]);
                (start, end, edit["newText"].as_str().unwrap_or_default().to_owned())
            })
            .collect();
        edits.sort();
        let mut text = self.text.clone();
        for (start, end, new) in edits.into_iter().rev() {
            text.replace_range(start..end, &new);
        }
        text
    }

    /// Appends `code` to the source, and returns what is offered at its `§`.
    pub(crate) fn complete(&mut self, project: &Project, code: &str) -> Vec<String> {
        let text = format!("{}\n{}", project.text(), code.replace('§', ""));
        let place = place_of(&text, code);
        self.change(text);
        let offered = self.ask_about("textDocument/completion", place, &json!({}));
        self.change(project.text().to_owned());
        let items = if offered.is_array() {
            &offered
        } else {
            &offered["items"]
        };
        elements(items)
            .iter()
            .filter_map(|item| item["filterText"].as_str().or_else(|| item["label"].as_str()))
            .map(|label| label.trim_start_matches("self.").to_owned())
            .collect()
    }

    // ---- the protocol ---------------------------------------------------------------------------------------------

    fn ask_about(&mut self, method: &str, place: Place, more: &Value) -> Value {
        let mut params = more.clone();
        params["textDocument"] = json!({ "uri": self.uri.clone() });
        params["position"] = json!({ "line": place.line, "character": place.column });
        self.ask(method, &params)
    }

    /// Sends a request, and returns its result.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        const CONTENT_MODIFIED: i64 = -32801;

        // The server may have changed its mind about the crate while it answered: then it wants to be asked again.
        let until = Instant::now() + ANSWER;
        loop {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
            let mut answer = self.wait_for(method, ANSWER, |message| {
                message["id"] == id && message["method"].is_null()
            });
            if answer["error"]["code"] != CONTENT_MODIFIED || Instant::now() > until {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
        }
    }

    fn change(&mut self, text: String) {
        self.last_version += 1;
        let document = json!({ "uri": self.uri.clone(), "version": self.last_version });
        let changes = json!([{ "text": text.clone() }]);
        self.text = text;
        self.tell(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let sent = write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len());
        sent.and_then(|()| self.input.flush()).expect("rust-analyzer reads");
    }

    /// Waits for a message. Answers the server's own questions meanwhile.
    fn wait_for(&mut self, what: &str, limit: Duration, is_it: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|error| panic!("waiting for {what}: {error}"));
            if is_it(&message) {
                return message;
            }
            if !message["id"].is_null() && !message["method"].is_null() {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"].clone(), "result": null }));
            }
        }
    }

    fn offset(&self, position: &Value) -> usize {
        let place = start_of(&json!({ "start": position }));
        let line = self.text.split_inclusive('\n').take(place.line).map(str::len);
        line.sum::<usize>() + place.column
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill(); // It may have ended by itself.
        let _ = self.server.wait();
    }
}

/// Starts rust-analyzer, or returns `None` where it is not installed.
fn start(folder: &Path) -> Option<Child> {
    // rustup has a program of that name also where the component is not installed.
    let version = Command::new("rust-analyzer").arg("--version").output();
    if !version.is_ok_and(|version| version.status.success()) {
        skip("rust-analyzer is not installed: `rustup component add rust-analyzer rust-src`");
        return None;
    }
    let server = Command::new("rust-analyzer")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    Some(server.expect("rust-analyzer can be started"))
}

/// Returns the messages of a server, until it ends.
fn messages_of(mut output: BufReader<ChildStdout>) -> impl Iterator<Item = Value> {
    std::iter::from_fn(move || {
        let mut length = None;
        let mut line = String::new();
        loop {
            line.clear();
            output.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().ok(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length?];
        output.read_exact(&mut body).ok()?;
        serde_json::from_slice(&body).ok()
    })
}

/// Returns the line of the source where a found place is.
fn line_of(place: &Value) -> String {
    let (uri, range) = if place["targetUri"].is_null() {
        (&place["uri"], &place["range"])
    } else {
        (&place["targetUri"], &place["targetSelectionRange"])
    };
    let file = uri.as_str().unwrap_or_default().trim_start_matches("file://");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().nth(start_of(range).line).unwrap_or_default().to_owned()
}
