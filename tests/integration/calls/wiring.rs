//! What `build()` finds, and what the log says of misspelled methods.

use robyn_ws::{BuildErrors, prelude::*};
use robyn_ws_tests::{Log, Server};

/// This file, for the lines of the handlers in it.
const SOURCE: &str = include_str!("wiring.rs");

fn place(name: &str) -> String {
    let before = SOURCE
        .split(&format!("fn {name}("))
        .next()
        .expect("a split has a first part");
    assert_ne!(before.len(), SOURCE.len(), "no handler {name} in this file");
    format!("{}:{}", file!(), before.matches('\n').count() + 1)
}

fn errors(router: &'static SubRouter) -> BuildErrors {
    App::new()
        .include_router(router)
        .build()
        .expect_err("there is something wrong")
}

static TWICE: SubRouter = SubRouter::new("/calls/twice");

#[websocket("/", on = "call", method = "say", router = TWICE)]
fn say_first() {}

#[websocket("/", on = "call", method = "shout", router = TWICE)]
fn shout() {}

#[websocket("/", on = "call", method = "say", router = TWICE)]
fn say_again() {}

#[websocket("/other", on = "call", method = "say", router = TWICE)]
fn say_elsewhere() {}

#[test]
fn second_handler_of_a_method_is_reported_with_the_place_of_the_first() {
    let errors = errors(&TWICE);
    assert_eq!(errors.len(), 1, "{errors}");
    assert_eq!(
        errors.iter().next().expect("there is one").to_string(),
        format!(
            "{}: `say_again`: a second handler for the method `say` of `/calls/twice`: the first is `say_first` at {}; \
             give one of them another path or method",
            place("say_again"),
            place("say_first"),
        )
    );
}

static BESIDE: SubRouter = SubRouter::new("/calls/beside");

#[websocket("/message", on = "message", router = BESIDE)]
fn takes_messages() {}

#[websocket("/message", on = "call", method = "b", router = BESIDE)]
fn called_beside_messages() {}

#[websocket("/message", on = "call", method = "c", router = BESIDE)]
fn called_as_well() {}

#[websocket("/session", router = BESIDE)]
async fn owns_the_socket(_socket: WebSocket) {}

#[websocket("/session", on = "call", method = "say", router = BESIDE)]
fn called_beside_a_session() {}

#[test]
fn calls_beside_a_handler_of_all_messages_are_reported_with_both_places() {
    let errors = errors(&BESIDE);
    let got: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let problem = |call: &str, path: &str, kind: &str, other: &str| {
        format!(
            "{}: `{call}`: a `call` handler for `/calls/beside/{path}` beside the {kind} handler `{other}` at {}, which \
             takes all messages: keep one kind of them",
            place(call),
            place(other),
        )
    };
    assert_eq!(
        got,
        [
            problem("called_beside_messages", "message", "message", "takes_messages"),
            problem("called_beside_a_session", "session", "session", "owns_the_socket"),
        ]
    );
}

static UNMET: SubRouter = SubRouter::new("/calls/unmet");

#[websocket("/", on = "call", method = "say", router = UNMET)]
fn takes_what_nobody_injects(_what: Global<Nobody>) {}

struct Nobody;

#[test]
fn needs_of_calls_are_checked() {
    let errors = errors(&UNMET);
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.iter().next().expect("there is one");
    assert_eq!(error.handler(), Some("takes_what_nobody_injects"));
}

static MANY: SubRouter = SubRouter::new("/calls/many");

macro_rules! handlers {
    ($($function:ident $method:literal)+) => {
        $(#[websocket("/", on = "call", method = $method, router = MANY)]
        fn $function() -> &'static str { $method })+
    };
}

handlers! { zebra "zebra" ant "ant" dotted "a.b" slashed "a/b" spaced "a b" umlaut "ä" quoted "say \"hi\"" upper "ANT" }

#[tokio::test]
async fn every_name_of_a_method_finds_its_handler() {
    let server = Server::start(App::new().include_router(&MANY)).await;
    let mut client = server.connect("/calls/many").await;
    for method in ["zebra", "ant", "a.b", "a/b", "a b", "ä", r#"say \"hi\""#, "ANT"] {
        client
            .ask(
                format!(r#"{{"jsonrpc":"2.0","method":"{method}","id":1}}"#),
                &format!(r#"{{"jsonrpc":"2.0","result":"{method}","id":1}}"#),
            )
            .await;
    }
}

#[tokio::test]
async fn misspelled_method_is_explained_in_the_log_only() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let server = Server::start(App::new().include_router(&MANY)).await;
    let mut client = server.connect("/calls/many").await;
    for method in ["zebar", "zebar", "nothing like it"] {
        client
            .ask(
                format!(r#"{{"jsonrpc":"2.0","method":"{method}","id":1}}"#),
                r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}"#,
            )
            .await;
    }
    let line = log.line(&["no such method: did the client mean `zebra`?", "method=zebar"]);
    assert!(line.contains("endpoint=/calls/many"), "{line}");
    log.line(&["no such method", "method=nothing like it"]);
    assert_eq!(log.text().matches("did the client mean").count(), 1, "each name once");
    for number in 0..100 {
        client
            .send(format!(r#"{{"jsonrpc":"2.0","method":"unknown_{number}","id":1}}"#))
            .await;
        client.text().await;
    }
    let logged = log.text().matches("no such method").count();
    assert_eq!(logged, 32, "the log is bounded");
}
