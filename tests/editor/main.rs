//! Handlers in an editor: rust-analyzer is asked over the Language Server Protocol, about a crate of thirty handlers.

mod client;
mod project;

use serde_json::{Value, json};

use client::Editor;
use project::{Place, Project, word};

/// Opens the crate in rust-analyzer, or returns `None` where that is not installed.
fn open() -> Option<(Project, Editor)> {
    let project = Project::create();
    let editor = Editor::open(&project)?;
    Some((project, editor))
}

/// One rust-analyzer answers all questions, since loading the crate takes it most of the time.
#[test]
fn editors_understand_handlers_and_attributes() {
    let Some((project, mut editor)) = open() else { return };
    valid_handlers_have_no_diagnostics(&project, &mut editor);
    definitions_have_one_place(&project, &mut editor);
    hover_shows_the_documentation_of_the_user(&project, &mut editor);
    references_of_a_handler_leave_its_attribute_out(&project, &mut editor);
    renaming_a_handler_keeps_its_attribute(&project, &mut editor);
    words_of_the_attribute_are_explained_and_completed(&project, &mut editor);
    half_typed_code_is_still_understood(&project, &mut editor);
    words_of_a_view_are_explained_and_completed(&project, &mut editor);
    half_typed_views_are_still_understood(&project, &mut editor);
}

fn valid_handlers_have_no_diagnostics(project: &Project, editor: &mut Editor) {
    let report = editor.ask(
        "textDocument/diagnostic",
        &json!({ "textDocument": project.document() }),
    );
    assert_eq!(report["items"], json!([]), "diagnostics of a valid crate");
}

fn definitions_have_one_place(project: &Project, editor: &mut Editor) {
    for (used, defined) in [
        ("counter: &mut §Counter", "struct §Counter"),
        ("handler_7(ws: &§WebSocketConnector", "pub struct §WebSocketConnector"),
        ("assert_eq!(§handler_3(", "fn §handler_3("),
        ("fn §handler_5(", "fn §handler_5("),
        ("router = §LEAGUE", "static §LEAGUE"),
        ("#[websocket(§PATH", "const §PATH"),
        ("-> Result<§Reply", "type §Reply"),
        ("state = §AppState", "struct §AppState"),
        ("self.§worded(", "fn §worded("),
        ("#[websocket_view(§VIEW", "const §VIEW"),
        ("impl §Chat", "struct §Chat"),
    ] {
        let places = editor.definitions(project.place(used));
        assert_eq!(places.len(), 1, "{used}: {places:#?}");
        assert!(
            places[0].contains(&defined.replace('§', "")),
            "{used} is defined at `{}`",
            places[0]
        );
    }
}

fn hover_shows_the_documentation_of_the_user(project: &Project, editor: &mut Editor) {
    for (place, words) in [
        ("counter: &mut §Counter", "Counts messages."),
        ("fn §handler_3(", "Doubles a message."),
        ("assert_eq!(§handler_3(", "Doubles a message."),
        ("fn §message(", "Says it again."),
    ] {
        let text = editor.hover(project.place(place));
        assert!(text.contains(words), "{place}: {text}");
        assert!(!text.contains("__"), "{place} shows names of ours: {text}");
    }
}

fn references_of_a_handler_leave_its_attribute_out(project: &Project, editor: &mut Editor) {
    let lines = editor.references(project.place("fn §handler_3("));
    assert_eq!(lines.len(), 2, "the function and its unit test: {lines:#?}");
    assert!(lines.iter().all(|line| line.contains("handler_3(")), "{lines:#?}");
}

fn renaming_a_handler_keeps_its_attribute(project: &Project, editor: &mut Editor) {
    for (place, new) in [
        ("fn §handler_3(", "double"),
        ("struct §Counter", "Tally"),
        ("static §LEAGUE", "GROUP"),
        ("struct §Chat", "Talk"),
        ("fn §worded(", "numbered"),
    ] {
        let old = word(place);
        let renamed = editor.rename(project.place(place), new);
        let expected = project.text().replace(&old, new);
        let differing: Vec<_> = renamed
            .lines()
            .zip(expected.lines())
            .filter(|(is, want)| is != want)
            .collect();
        assert!(renamed == expected, "{old} renamed to {new}: {differing:#?}");
    }
}

fn words_of_the_attribute_are_explained_and_completed(project: &Project, editor: &mut Editor) {
    let text = editor.hover(project.place("(\"/7\", §on"));
    assert!(text.contains("The event that the function handles"), "{text}");
    for (attribute, expected) in [
        ("\"/new\", §", &["on", "method", "router", "state", "blocking"][..]),
        ("\"/new\", o§", &["on"]),
        ("\"/new\", on = §", &["upgrade", "connect", "message", "call", "close"]),
        ("\"/new\", on = me§", &["message"]),
        ("\"/new\", on = \"message\", §", &["router", "blocking"]),
        ("\"/new\", on = \"message\", rou§", &["router"]),
        ("\"/new\", on = \"message\", router = LEA§", &["LEAGUE"]),
    ] {
        let labels = editor.complete(
            project,
            &format!("#[websocket({attribute})]\nfn new(msg: String) {{}}\n"),
        );
        for word in expected {
            assert!(
                labels.iter().any(|label| label == word),
                "{attribute} offers {labels:?}"
            );
        }
        assert!(
            !labels.iter().any(|label| label.starts_with("__")),
            "{attribute} offers {labels:?}"
        );
    }
}

fn half_typed_code_is_still_understood(project: &Project, editor: &mut Editor) {
    for (code, expected) in [
        ("fn new(ws: &WebSocketConnector) { ws.§ }", "sync_broadcast"),
        ("fn new(ws: &WebSocketConnector) { ws.sync_b§", "sync_broadcast"),
        ("fn new(ws: &WebSocketConn§) {}", "WebSocketConnector"),
        ("fn new(counter: &mut Coun§", "Counter"),
        ("async fn new(msg: String) -> Repl§ {}", "Reply"),
    ] {
        for attribute in [
            "\"/new\", on = \"message\"",
            "\"/new\", on = \"mess\"",
            "\"/new\", on = ",
            "",
        ] {
            let code = format!("#[websocket({attribute})]\n{code}\n");
            let labels = editor.complete(project, &code);
            assert!(labels.iter().any(|label| label == expected), "{code} offers {labels:?}");
        }
    }
}

fn words_of_a_view_are_explained_and_completed(project: &Project, editor: &mut Editor) {
    for (place, words) in [
        ("(VIEW, §router", "that the endpoint belongs to"),
        ("#[view(§blocking", "on a thread that may block"),
    ] {
        let text = editor.hover(project.place(place));
        assert!(text.contains(words), "{place}: {text}");
    }
    for (attribute, of_method, expected) in [
        ("\"/new\", §", "blocking", &["router"][..]),
        ("\"/new\", rou§", "blocking", &["router"]),
        ("\"/new\", router = LEA§", "blocking", &["LEAGUE"]),
        ("\"/new\"", "§", &["blocking"]),
        ("\"/new\"", "bl§", &["blocking"]),
    ] {
        let code = format!(
            "#[websocket_view({attribute})]\nimpl Counter {{\n    #[view({of_method})]\n    fn message() {{}}\n}}\n"
        );
        let labels = editor.complete(project, &code);
        for word in expected {
            assert!(labels.iter().any(|label| label == word), "{code} offers {labels:?}");
        }
        let is_wrong = |label: &str| label == "on" || label.starts_with("__");
        assert!(!labels.iter().any(|label| is_wrong(label)), "{code} offers {labels:?}");
    }
}

fn half_typed_views_are_still_understood(project: &Project, editor: &mut Editor) {
    for (method, expected) in [
        ("fn message(&mut self) { self.§ }", "seen"),
        ("fn message(ws: &WebSocketConnector) { ws.sync_b§", "sync_broadcast"),
        ("fn message(&mut self, ws: &WebSocketConn§) {}", "WebSocketConnector"),
        ("fn message(&mut self) -> Repl§ {}", "Reply"),
        ("fn message(&mut self) {}\n    fn other(&self) { self.§ }", "seen"),
    ] {
        for attribute in ["\"/new\"", "\"/new\", router = ", ""] {
            let code = format!("#[websocket_view({attribute})]\nimpl Counter {{\n    {method}\n}}\n");
            let labels = editor.complete(project, &code);
            assert!(labels.iter().any(|label| label == expected), "{code} offers {labels:?}");
        }
    }
}

/// Returns the elements of a JSON array, none for `null`.
fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the start of an LSP range.
fn start_of(range: &Value) -> Place {
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a small number");
    Place {
        line: number(&range["start"]["line"]),
        column: number(&range["start"]["character"]),
    }
}
