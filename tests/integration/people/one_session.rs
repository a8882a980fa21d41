//! At most so many connections of a person at a time: one more is refused, or the oldest gives way.

use std::sync::Arc;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Asking, Client, Probe, Request, Seen, Server, probe, until};
use tokio::task::JoinSet;

static SESSIONS: SubRouter = SubRouter::new("/people/sessions");
static INNER: SubRouter = SubRouter::new("/inner");

#[websocket("/upgraded/{user}", on = "upgrade", router = SESSIONS)]
#[websocket("/{user}", on = "upgrade", router = INNER)]
fn upgrade(Path(user): Path<String>) -> Identity {
    Identity::new(user)
}

#[websocket("/upgraded/{user}", on = "connect", router = SESSIONS)]
#[websocket("/{user}", on = "connect", router = INNER)]
fn connect() -> &'static str {
    "hello"
}

#[websocket("/login", on = "message", router = SESSIONS)]
fn login(ws: &WebSocketConnector, msg: &str) -> String {
    let identified = ws.identify(msg);
    format!("{} {}", identified.is_identified, identified.count)
}

#[websocket("/upgraded/{user}", on = "close", router = SESSIONS)]
#[websocket("/login", on = "close", router = SESSIONS)]
#[websocket("/{user}", on = "close", router = INNER)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

const REPLACED: &str = "a newer connection took its place";
const REFUSED: &str = "connection limit of this identity reached (`Limits::max_connections_per_identity`)";

fn at_most(count: usize) -> Limits {
    Limits::default().max_connections_per_identity(count)
}

fn newest(count: usize) -> Limits {
    at_most(count).identity_overflow(IdentityOverflow::CloseOldest)
}

/// Serves with these limits of the app, and of the sub-router in it.
async fn start_within(limits: Limits, inner: Limits) -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).limits(limits);
    let sessions = SESSIONS.include_router(INNER.limits(inner));
    (Server::start(app.include_router(sessions)).await, seen)
}

async fn start(limits: Limits) -> (Server, Seen) {
    start_within(limits, Limits::default()).await
}

async fn enter(server: &Server, path: &str) -> Client {
    let mut client = server.connect(&format!("/people/sessions/{path}")).await;
    client.expect_text("hello").await;
    client
}

async fn login_as(server: &Server, name: &str, answer: &str) -> Client {
    let mut client = server.connect("/people/sessions/login").await;
    client.ask(name, answer).await;
    client
}

#[tokio::test]
async fn one_more_connection_of_a_person_is_refused_before_its_101() {
    let (server, mut seen) = start(at_most(1)).await;
    let first = enter(&server, "upgraded/u1").await;
    let refused = server.refused("/people/sessions/upgraded/u1").await;
    refused.expect(429, REFUSED);
    assert_eq!((server.hub().count(), server.hub().identity("u1").count()), (1, 1));
    enter(&server, "upgraded/u2").await.leave().await;
    seen.next().await;
    first.leave().await;
    seen.next().await;
    enter(&server, "upgraded/u1").await.leave().await;
}

#[tokio::test]
async fn connection_that_is_one_too_many_when_it_is_identified_is_closed_with_1008() {
    let (server, mut seen) = start(at_most(2)).await;
    let _one = login_as(&server, "u1", "true 1").await;
    let mut other = login_as(&server, "u1", "true 2").await;
    other.ask("u1", "true 2").await;
    let mut third = login_as(&server, "u1", "false 0").await;
    third.expect_close(1008, REFUSED).await;
    seen.expect("IdentityRefused").await;
    server
        .refused("/people/sessions/upgraded/u1")
        .await
        .expect(429, REFUSED);
    // Who becomes somebody else makes room.
    other.ask("u2", "true 1").await;
    let _third = login_as(&server, "u1", "true 2").await;
    assert_eq!(server.hub().identity("u1").count(), 2);
}

#[tokio::test]
async fn oldest_connection_of_a_person_gives_way_to_the_newest_on_whichever_endpoint() {
    let (server, mut seen) = start(newest(2)).await;
    let mut first = login_as(&server, "u1", "true 1").await;
    let mut second = enter(&server, "upgraded/u1").await;
    let mut stranger = login_as(&server, "u2", "true 1").await;
    let mut third = login_as(&server, "u1", "true 2").await;
    first.expect_close(4409, REPLACED).await;
    seen.expect("Replaced").await;
    // The third is no newer for saying again who it is.
    third.ask("u1", "true 2").await;
    let _fourth = enter(&server, "inner/u1").await;
    second.expect_close(4409, REPLACED).await;
    seen.expect("Replaced").await;
    stranger.ask("u1", "true 2").await;
    third.expect_close(4409, REPLACED).await;
    assert_eq!((server.hub().count(), server.hub().identity("u1").count()), (2, 2));
}

#[tokio::test]
async fn sub_router_counts_its_own_connections_of_a_person_and_has_its_own_code() {
    let (server, mut seen) = start_within(at_most(3), newest(1).replaced_code(4000)).await;
    let mut inner = enter(&server, "inner/u1").await;
    let _outer = [enter(&server, "upgraded/u1").await, enter(&server, "upgraded/u1").await];
    // The app is full for this person, but whoever gives way makes room.
    let mut newer = enter(&server, "inner/u1").await;
    inner.expect_close(4000, REPLACED).await;
    seen.expect("Replaced").await;
    server
        .refused("/people/sessions/upgraded/u1")
        .await
        .expect(429, REFUSED);
    newer.close(1000, "").await;
    newer.expect_close(1000, "").await;
    seen.next().await;
    let _third = enter(&server, "upgraded/u1").await;
    server.refused("/people/sessions/inner/u1").await.expect(429, REFUSED);
}

#[tokio::test]
async fn sub_router_may_refuse_where_the_app_would_close_the_oldest() {
    let inner = at_most(1).identity_overflow(IdentityOverflow::Refuse);
    let (server, mut seen) = start_within(newest(2), inner).await;
    let mut first = enter(&server, "upgraded/u1").await;
    let _inner = enter(&server, "inner/u1").await;
    server.refused("/people/sessions/inner/u1").await.expect(429, REFUSED);
    let _second = enter(&server, "upgraded/u1").await;
    first.expect_close(4409, REPLACED).await;
    seen.expect("Replaced").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_upgrades_at_once_as_many_are_accepted_as_the_limit_allows() {
    const AT_ONCE: usize = 24;
    for most in [1, 3] {
        let (server, _seen) = start(at_most(most)).await;
        let server = Arc::new(server);
        let mut asking = JoinSet::new();
        for _ in 0..AT_ONCE {
            let server = server.clone();
            asking.spawn(async move {
                let mut asking = Asking::send(&server, &Request::upgrade("/people/sessions/upgraded/u1")).await;
                (asking.status().await, asking)
            });
        }
        let answers = asking.join_all().await;
        let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
        assert_eq!((count(101), count(429)), (most, AT_ONCE - most));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_come_at_once_the_newest_stay_and_all_others_are_replaced() {
    const AT_ONCE: usize = 24;
    for (path, most) in [("upgraded/u1", 1), ("upgraded/u1", 3), ("login", 1)] {
        let (server, mut seen) = start(newest(most)).await;
        let server = Arc::new(server);
        let mut entering = JoinSet::new();
        for _ in 0..AT_ONCE {
            let server = server.clone();
            entering.spawn(async move {
                let mut client = server.connect(&format!("/people/sessions/{path}")).await;
                if path == "login" {
                    client.send("u1").await;
                }
                client
            });
        }
        let clients = entering.join_all().await;
        for _ in 0..AT_ONCE - most {
            seen.expect("Replaced").await;
        }
        until("the others to be gone", || server.hub().count() == most).await;
        assert_eq!(server.hub().identity("u1").count(), most);
        drop(clients);
        for _ in 0..most {
            assert_ne!(seen.next().await, "Replaced");
        }
    }
}

static LIMITS: SubRouter = SubRouter::new("/people/session_limits");

#[websocket("/", on = "connect", router = LIMITS)]
fn limited() {}

#[test]
fn limits_of_a_person_that_cannot_work_are_build_errors() {
    let build = |app: Limits, inner: Limits| {
        let app = App::new().only(["/people/session_limits"]).limits(app);
        app.include_router(LIMITS.limits(inner)).build().map(drop)
    };
    let expect = |built: Result<(), BuildErrors>, words: &str| {
        let errors = built.expect_err(words).to_string();
        assert!(errors.contains(words), "{errors}");
    };
    let none = Limits::default;
    assert!(build(newest(2), newest(1)).is_ok());
    expect(
        build(at_most(0), none()),
        "`Limits::max_connections_per_identity` is 0 connections, which cannot work",
    );
    expect(build(at_most(2), at_most(3)), "a sub-router can only narrow it");
    expect(
        build(at_most(3).max_connections(2), none()),
        "`Limits::max_connections_per_identity` is 3 connections, more than the 2 connections of `max_connections`",
    );
    expect(
        build(none().replaced_code(1006), none()),
        "`Limits::replaced_code` is 1006",
    );
}
