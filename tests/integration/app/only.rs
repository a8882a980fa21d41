//! `App::only`: an app of some endpoints of the program.

use robyn_ws::{BuildError, prelude::*, test_util::TestApp};

static ONLY: SubRouter = SubRouter::new("/only");
static INNER: SubRouter = SubRouter::new("/inner");
static ELSEWHERE: SubRouter = SubRouter::new("/only_elsewhere");

/// Nobody has one.
struct Database;

#[websocket("/chat", on = "message", router = ONLY)]
fn chat(msg: String) -> String {
    msg
}

#[websocket("/chat/{room}", on = "connect", router = INNER)]
fn enter(Path(room): Path<String>, motto: Scoped<&'static str>) -> String {
    format!("{room}: {}", *motto)
}

#[websocket("/orders", on = "message", router = ONLY)]
fn orders(_database: Global<Database>) {}

#[websocket("/bills", on = "message", router = INNER)]
fn bills(_database: Scoped<Database>) {}

#[websocket("/twice", on = "connect", router = ONLY)]
fn first() {}

#[websocket("/twice", on = "connect", router = ONLY)]
fn second() {}

#[websocket("/chat", on = "connect", router = ELSEWHERE)]
fn elsewhere() {}

fn app() -> App {
    App::new().include_router(ONLY.include_router(INNER.inject("be kind")))
}

fn problems(app: App) -> Vec<BuildError> {
    app.build().expect_err("something is wrong").into_iter().collect()
}

#[tokio::test]
async fn app_of_some_endpoints_demands_nothing_of_the_others() {
    assert_eq!(problems(app()).len(), 3, "two databases and a second handler");
    let app = TestApp::new(
        app()
            .only(["/only/chat"])
            .only(vec!["/only/inner/chat/{room}".to_owned()]),
    );
    let mut client = app.connect("/only/chat").await.expect("the upgrade");
    client.send_text("hello").await;
    assert_eq!(client.receive_text().await, "hello");
    let mut client = app.connect("/only/inner/chat/lobby").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "lobby: be kind");
    let refused = app.connect("/only/orders").await.expect_err("it is left out");
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let paths: Vec<_> = app.hub().paths().collect();
    assert_eq!(paths, ["/only/chat", "/only/inner/chat/{room}"]);
}

#[test]
fn app_of_no_endpoints_is_one_of_http_routes_alone() {
    let running = app().only([""; 0]).build().expect("nothing is wrong");
    assert_eq!(running.hub.paths().count(), 0);
}

#[test]
fn what_the_chosen_handlers_need_is_demanded_still() {
    let problems = problems(app().only(["/only/orders", "/only/twice"]));
    let handlers: Vec<_> = problems.iter().filter_map(BuildError::handler).collect();
    assert_eq!(handlers, ["orders", "second"]);
}

#[test]
fn path_that_no_handler_has_is_told_with_the_line_of_the_call_and_what_was_meant() {
    for (path, help) in [
        ("/only/caht", "did you mean `/only/chat`?"),
        ("only/chat", "did you mean `/only/chat`?"),
        ("/ONLY/chat", "did you mean `/only/chat`?"),
        ("/orders", "did you mean `/only/orders`?"),
        ("/chat/{room}", "did you mean `/only/inner/chat/{room}`?"),
        ("/only/inner/chat/lobby", "did you mean `/only/inner/chat/{room}`?"),
        ("/", "it has `/"),
        ("", " more"),
        ("/only_elsewhere/chat", "the sub-router of `elsewhere` at "),
        (
            "/only/only_elsewhere/chat",
            "is not included: call `App::include_router`",
        ),
    ] {
        let line = line!() + 1;
        let problems = problems(app().only(["/only/chat", path]));
        let [problem] = &problems[..] else {
            panic!("{path}: {problems:?}");
        };
        assert_eq!((problem.file(), problem.line()), (Some(file!()), Some(line)));
        let expected = format!("`App::only` takes `{path}`, but this app has no handler for it: ");
        assert!(problem.message().starts_with(&expected), "{problem}");
        assert!(problem.message().contains(help), "`{help}` in {problem}");
    }
}

#[test]
fn every_path_that_no_handler_has_is_told_at_once() {
    let problems = problems(app().only(["/one", "/two", "/only/orders"]));
    assert_eq!(problems.len(), 3, "{problems:?}");
}
