//! Upgrade handlers: they decide before the 101, with any of axum's extractors.

use std::net::SocketAddr;

use robyn_ws::{
    axum::{
        Extension as Layer,
        http::{Method, request::Parts},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use robyn_ws_tests::{Probe, Request, Server, probe};
use serde::Deserialize;

// ---- state and refusal ---------------------------------------------------------------------------------------------------

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct User {
    name: String,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
}

#[websocket("/upgrade_handlers/auth", on = "upgrade")]
fn authenticate(Query(query): Query<Token>) -> Result<User, (StatusCode, String)> {
    match query.token.as_deref() {
        Some("secret") => Ok(User {
            name: "Bruce".to_owned(),
        }),
        Some(token) => Err((StatusCode::FORBIDDEN, format!("not with {token}"))),
        None => Err((StatusCode::UNAUTHORIZED, "who are you?".to_owned())),
    }
}

#[websocket("/upgrade_handlers/auth", on = "connect")]
fn welcome(user: &User) -> String {
    format!("welcome {}", user.name)
}

#[websocket("/upgrade_handlers/auth", on = "message")]
async fn rename(user: &mut User, msg: String) -> String {
    std::mem::replace(&mut user.name, msg)
}

#[websocket("/upgrade_handlers/auth", on = "close")]
fn goodbye(user: &User) -> String {
    format!("goodbye {}", user.name)
}

#[tokio::test]
async fn state_that_the_upgrade_handler_returned_is_the_connections_own() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/upgrade_handlers/auth?token=secret").await;
    client.expect_text("welcome Bruce").await;
    client.ask("Batman", "Bruce").await;

    let mut other = server.connect("/upgrade_handlers/auth?token=secret").await;
    other.expect_text("welcome Bruce").await;

    client.close(1000, "").await;
    client.expect_text("goodbye Batman").await;
    client.expect_close(1000, "").await;
}

#[tokio::test]
async fn refusal_is_the_http_answer_and_nothing_is_registered() {
    let server = Server::start(App::new()).await;
    let response = server.refused("/upgrade_handlers/auth?token=guess").await;
    response.expect(403, "not with guess");
    server
        .refused("/upgrade_handlers/auth")
        .await
        .expect(401, "who are you?");
    assert_eq!(server.hub().count(), 0);
}

#[websocket("/upgrade_handlers/unit", on = "upgrade")]
async fn only_for_bats(headers: &HeaderMap) -> Result<(), Response> {
    tokio::task::yield_now().await;
    if headers.contains_key("x-bat") {
        return Ok(());
    }
    Err(([("x-reason", "no bat")], (StatusCode::IM_A_TEAPOT, "only for bats")).into_response())
}

#[websocket("/upgrade_handlers/unit", on = "connect")]
fn unit_connected() -> &'static str {
    "connected"
}

#[tokio::test]
async fn refusal_may_be_any_response_with_its_headers() {
    let server = Server::start(App::new()).await;
    let response = server.refused("/upgrade_handlers/unit").await;
    response.expect(418, "only for bats");
    assert_eq!(response.header("x-reason"), Some("no bat"));
    let request = Request::upgrade("/upgrade_handlers/unit").header("x-bat", "yes");
    request.connect(&server).await.expect_text("connected").await;
}

#[derive(Default, ConnectionState)]
struct Seat(u32);

#[websocket("/upgrade_handlers/state/{seat}", on = "upgrade", blocking)]
fn take_this_seat(Path(seat): Path<u32>) -> Seat {
    Seat(seat)
}

#[websocket("/upgrade_handlers/state/{seat}", on = "connect")]
fn seated(seat: &Seat) -> String {
    seat.0.to_string()
}

#[tokio::test]
async fn upgrade_handler_may_return_a_state_and_never_refuse() {
    let server = Server::start(App::new()).await;
    server.connect("/upgrade_handlers/state/7").await.expect_text("7").await;
    server
        .refused("/upgrade_handlers/state/seven")
        .await
        .expect(400, "seven");
}

// ---- extractors ------------------------------------------------------------------------------------------------------------

static EXTRACTORS: SubRouter = SubRouter::new("/upgrade_handlers/extractors");

struct Justice;
struct Mailer;

#[derive(Clone)]
struct Stamp(&'static str);

/// Any axum extractor will do; this one is ours.
struct Agent(String);

impl<S: Send + Sync> FromRequestParts<S> for Agent {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        tokio::task::yield_now().await;
        let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok());
        match agent {
            Some(agent) => Ok(Self(agent.to_owned())),
            None => Err((StatusCode::NOT_ACCEPTABLE, "which agent?")),
        }
    }
}

#[websocket("/{room}", on = "upgrade", router = EXTRACTORS)]
async fn everything(
    agent: Agent,
    method: Method,
    headers: HeaderMap,
    Path(room): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(stamp): Extension<Stamp>,
    probe: Global<Probe>,
) {
    let (agent, host, peer) = (agent.0, headers.contains_key("host"), peer.ip().is_loopback());
    probe.note(format!("{agent} {method} {host} {room} {peer} {}", stamp.0));
}

#[websocket("/{room}/more", on = "upgrade", router = EXTRACTORS)]
fn more(
    uri: &Uri,
    headers: &HeaderMap,
    _global: Global<Justice>,
    _scoped: Scoped<Mailer>,
    query: Option<Query<Token>>,
    agent: Result<Agent, Rejection>,
    probe: Global<Probe>,
) {
    let token = query.and_then(|Query(query)| query.token);
    let agent = agent.map(|agent| agent.0).map_err(|why| why.reason().to_owned());
    probe.note(format!("{uri} {} {token:?} {agent:?}", headers.contains_key("host")));
}

#[tokio::test]
async fn upgrade_handler_takes_any_extractor_of_request_parts() {
    let (probe, mut seen) = probe();
    let app = App::new()
        .inject_global(probe)
        .inject_global(Justice)
        .include_router(EXTRACTORS.inject(Mailer));
    let server = Server::start_with(app, |router| router.layer(Layer(Stamp("stamped")))).await;

    let with_agent = |target| Request::upgrade(target).header("user-agent", "bat");
    with_agent("/upgrade_handlers/extractors/red").raw(&server).await;
    seen.expect("bat GET true red true stamped").await;
    let refused = server.refused("/upgrade_handlers/extractors/red").await;
    refused.expect(406, "which agent?");

    let more = "/upgrade_handlers/extractors/red/more";
    with_agent(&format!("{more}?token=x")).raw(&server).await;
    seen.expect(&format!("{more}?token=x true Some(\"x\") Ok(\"bat\")"))
        .await;
    Request::upgrade(more).raw(&server).await;
    seen.expect(&format!("{more} true None Err(\"which agent?\")")).await;
    assert_eq!(seen.rest(), Vec::<String>::new());
}

static OPTIONAL: SubRouter = SubRouter::new("/upgrade_handlers/optional");

#[websocket("/{seat}", on = "upgrade", router = OPTIONAL)]
async fn optional(
    seat: Option<Path<u32>>,
    query: Option<Query<RequiredToken>>,
    agent: Option<Agent>,
    justice: Option<Global<Justice>>,
    method: Option<Method>,
    probe: Global<Probe>,
) {
    let seat = seat.map(|Path(seat)| seat);
    let (agent, justice) = (agent.map(|agent| agent.0), justice.is_some());
    probe.note(format!("{seat:?} {} {agent:?} {justice} {method:?}", query.is_some()));
}

#[tokio::test]
async fn option_of_any_extractor_is_none_where_the_extractor_would_refuse_the_upgrade() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&OPTIONAL)).await;
    let request = Request::upgrade("/upgrade_handlers/optional/7?token=x").header("user-agent", "bat");
    request.raw(&server).await;
    seen.expect("Some(7) true Some(\"bat\") false Some(GET)").await;
    Request::upgrade("/upgrade_handlers/optional/seven").raw(&server).await;
    seen.expect("None false None false Some(GET)").await;
}

#[websocket("/upgrade_handlers/own_rejection", on = "upgrade")]
async fn refuse_in_other_words(agent: Result<Agent, (StatusCode, &'static str)>) -> Result<(), (StatusCode, String)> {
    match agent {
        Ok(_) => Ok(()),
        Err((status, why)) => Err((status, format!("in other words: {why}"))),
    }
}

#[tokio::test]
async fn upgrade_handler_takes_an_extractors_own_rejection() {
    let server = Server::start(App::new()).await;
    let refused = server.refused("/upgrade_handlers/own_rejection").await;
    refused.expect(406, "in other words: which agent?");
}

// ---- what goes wrong -----------------------------------------------------------------------------------------------------------

#[websocket("/upgrade_handlers/panic", on = "upgrade")]
fn panics() {
    panic!("a panic of the test");
}

#[websocket("/upgrade_handlers/async_panic", on = "upgrade")]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("a panic of the test");
}

#[websocket("/upgrade_handlers/blocking_panic", on = "upgrade", blocking)]
fn panics_elsewhere() {
    panic!("a panic of the test");
}

#[tokio::test]
async fn panic_in_an_upgrade_handler_is_500_and_the_server_goes_on() {
    let server = Server::start(App::new()).await;
    for path in ["panic", "async_panic", "blocking_panic"] {
        let response = server.refused(&format!("/upgrade_handlers/{path}")).await;
        assert_eq!((response.status, response.body.as_str()), (500, ""), "{path}");
    }
    assert_eq!(server.hub().count(), 0);
    let request = Request::upgrade("/upgrade_handlers/unit").header("x-bat", "yes");
    request.connect(&server).await.expect_text("connected").await;
}

static ORDER: SubRouter = SubRouter::new("/upgrade_handlers/order");

#[websocket("/", on = "upgrade", router = ORDER)]
fn note_upgrade(probe: Global<Probe>) {
    probe.note("upgrade");
}

#[websocket("/", on = "connect", router = ORDER)]
fn note_connect(_token: Query<RequiredToken>, probe: Global<Probe>) {
    probe.note("connect");
}

#[derive(Deserialize)]
struct RequiredToken {
    #[serde(rename = "token")]
    _token: String,
}

#[tokio::test]
async fn upgrade_handler_runs_only_for_a_request_that_passes_every_other_check() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&ORDER)).await;
    let path = "/upgrade_handlers/order?token=x";
    server.refused("/upgrade_handlers/order").await.expect(400, "token");
    let foreign = Request::upgrade(path).header("origin", "https://evil.example");
    assert_eq!(foreign.refused(&server).await.status, 403);
    assert_eq!(Request::get(path).refused(&server).await.status, 400);
    assert_eq!(seen.rest(), Vec::<String>::new());

    server.connect(path).await.leave().await;
    seen.expect("upgrade").await;
    seen.expect("connect").await;
}

/// What an extractor of the upgrade handler leaves in the request is there for the connection.
struct Marked;

impl<S: Send + Sync> FromRequestParts<S> for Marked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.insert(Stamp("left by the extractor"));
        Ok(Self)
    }
}

#[websocket("/upgrade_handlers/marked", on = "upgrade")]
fn mark(_marked: Marked) {}

#[websocket("/upgrade_handlers/marked", on = "connect")]
fn marked(ws: &WebSocketConnector) -> Option<&'static str> {
    ws.extensions().get::<Stamp>().map(|stamp| stamp.0)
}

#[tokio::test]
async fn what_an_extractor_of_the_upgrade_handler_leaves_is_there_for_the_connection() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/upgrade_handlers/marked").await;
    client.expect_text("left by the extractor").await;
}

#[websocket("/upgrade_handlers/refused/{how}", on = "upgrade")]
fn refused(Path(how): Path<String>) -> Result<(), Response> {
    Err(match how.as_str() {
        "text" => "no token".into_response(),
        "nothing" => ().into_response(),
        "created" => (StatusCode::CREATED, "no token").into_response(),
        "moved" => (StatusCode::SEE_OTHER, [("location", "/login")]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    })
}

#[tokio::test]
async fn refusal_never_looks_like_an_accepted_upgrade() {
    let server = Server::start(App::new()).await;
    for (how, status) in [
        ("text", 403),
        ("nothing", 403),
        ("created", 403),
        ("moved", 303),
        ("other", 404),
    ] {
        let answer = server.refused(&format!("/upgrade_handlers/refused/{how}")).await;
        assert_eq!(answer.status, status, "{how}");
        assert_eq!(
            answer.body.contains("no token"),
            matches!(how, "text" | "created"),
            "{how}"
        );
    }
}
