//! The routes by which a supervisor asks for the state of the server.

use std::time::Duration;

use robyn_ws::{
    axum::{Router, routing::get},
    prelude::*,
    test_util::TestApp,
};
use robyn_ws_tests::{Gate, PATIENCE, Request, Server, until, within};

use super::http_routes::{expect, problems_in};

static HEALTH: SubRouter = SubRouter::new("/health");

#[websocket("/waiting", on = "close", router = HEALTH)]
async fn wait(gate: Global<Gate>) {
    gate.pass().await;
}

fn app() -> App {
    App::new().inject_global(Gate::default()).include_router(&HEALTH)
}

#[tokio::test]
async fn readiness_is_503_from_the_first_moment_of_a_drain_and_liveness_stays_200() {
    let gate = Gate::default();
    let app = App::new().inject_global(gate.clone()).include_router(&HEALTH);
    // The second client is told when everything here is over.
    let long = Duration::from_hours(1);
    let limits = Limits::default().drain_interval(long).shutdown_grace(long);
    let server = Server::start(app.limits(limits).health("/healthz", "/readyz")).await;
    let (_one, _other) = (
        server.connect("/health/waiting").await,
        server.connect("/health/waiting").await,
    );
    let ask = async |path| Request::get(path).answer(&server).await;
    ask("/healthz").await.expect(200, "ok");
    let ready = ask("/readyz").await;
    ready.expect(200, "ready");
    assert_eq!(ready.header("cache-control"), Some("no-store"));
    let shutdown = server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(long).await });
    until("the drain to begin", || server.shutdown().has_begun()).await;
    for _ in 0..3 {
        let ready = ask("/readyz").await;
        ready.expect(503, "draining");
        assert_eq!(ready.header("cache-control"), Some("no-store"));
        ask("/healthz").await.expect(200, "ok");
    }
    assert!(server.hub().count() >= 1, "somebody is still connected");
    drain.abort();
}

#[tokio::test]
async fn readiness_stays_503_after_the_drain() {
    let app = TestApp::new(app().health("/healthz", "/readyz"));
    within("the drain", app.drain(PATIENCE)).await;
    assert_eq!(app.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn health_routes_live_beside_endpoints_with_parameters_and_other_methods() {
    let posted = Router::new().route("/live", axum::routing::post(async || "posted"));
    let everything = Router::new().route("/{anything}", get(async || "anything"));
    let app = TestApp::new(app().http(posted).http(everything).health("/live", "/ready"));
    assert_eq!(app.get("/live").await.text(), "ok\n");
    assert_eq!(app.post("/live", "").await.text(), "posted");
    assert_eq!(app.get("/ready").await.text(), "ready\n");
    assert_eq!(app.get("/other").await.text(), "anything");
}

#[test]
fn path_that_cannot_be_a_health_route_is_a_build_error_without_a_panic() {
    for (path, words) in [
        (
            "healthz",
            "the path `healthz` does not start with `/`: write `/healthz`",
        ),
        ("", "the path is empty"),
        ("/{name}", "the path `/{name}` has a parameter"),
        ("/live/{*rest}", "the path `/live/{*rest}` has a parameter"),
        ("/{{{name}}}", "which clients encode"),
        ("/:name", "`:name` is not how axum writes a parameter"),
        ("/live?full", "`?full` is a query"),
        ("/{", ""),
    ] {
        let (line, first) = (line!(), app().health(path, "/ready"));
        expect(&problems_in(file!(), first), &[(line, words)]);
        let (line, second) = (line!(), app().health("/live", path));
        expect(&problems_in(file!(), second), &[(line, words)]);
    }
}

#[test]
fn health_route_that_is_taken_is_a_build_error_without_a_panic() {
    let (line, same) = (line!(), app().health("/health", "/health"));
    let words = format!(
        "`/health` (GET) appears more than once: `App::health` at {}:{line}",
        file!()
    );
    expect(&problems_in(file!(), same), &[(line, &words)]);

    let (line, of_endpoint) = (line!(), app().health("/health/waiting", "/ready"));
    let words = "`/health/waiting` (GET) appears more than once: the handler `wait` at";
    expect(&problems_in(file!(), of_endpoint), &[(line, words)]);

    let page = Router::new().route("/page", get(async || "a page"));
    let (line, of_page) = (line!(), app().http(page.clone()).health("/live", "/page"));
    let words = "`/page` (GET) appears more than once: `App::http` at";
    expect(&problems_in(file!(), of_page), &[(line, words)]);

    let (line, page_of_health) = (line!(), app().health("/live", "/page").http(page));
    let words = "`/page` (GET) appears more than once: `App::health` at";
    expect(&problems_in(file!(), page_of_health), &[(line, words)]);

    let twice = app().health("/live", "/ready");
    let (line, twice) = (line!(), twice.health("/live", "/ready"));
    expect(
        &problems_in(file!(), twice),
        &[(line, "`/live` (GET) appears"), (line, "`/ready` (GET) appears")],
    );
}

#[websocket("/room/{name}", on = "connect", router = HEALTH)]
fn enter_a_room() {}

#[websocket("/files/{*rest}", on = "connect", router = HEALTH)]
fn read_a_file() {}

#[websocket("/{tenant}/seat/{number}", on = "connect", router = HEALTH)]
fn sit_down() {}

#[test]
fn health_route_in_place_of_a_value_of_an_endpoint_is_a_build_error() {
    for (path, endpoint, handler, value) in [
        (
            "/health/room/healthz",
            "/health/room/{name}",
            "enter_a_room",
            "`name` = `healthz`",
        ),
        (
            "/health/a/seat/ready",
            "/health/{tenant}/seat/{number}",
            "sit_down",
            "`tenant` = `a`",
        ),
    ] {
        let words = format!(
            "the HTTP route `{path}` is also a value of the endpoint `{endpoint}` of the handler `{handler}` at"
        );
        for (line, app) in [
            (line!(), app().health(path, "/health_of_others")),
            (line!(), app().health("/health_of_others", path)),
        ] {
            let problems = problems_in(file!(), app);
            expect(&problems, &[(line, &words)]);
            assert!(problems[0].1.contains(value), "{problems:?}");
            assert!(
                problems[0].1.contains("choose a path that no endpoint has"),
                "{problems:?}"
            );
        }
    }
}

#[tokio::test]
async fn health_route_beside_an_endpoint_that_does_not_want_its_path_is_no_problem() {
    for path in [
        "/health/room/a/b",
        "/health/room",
        "/health/room/",
        "/room/healthz",
        "/health/a/seat",
        // Such an endpoint has what is left.
        "/health/files/healthz",
    ] {
        let app = TestApp::new(app().health(path, "/health_of_others"));
        assert_eq!(app.get(path).await.text(), "ok\n", "{path}");
    }
}
