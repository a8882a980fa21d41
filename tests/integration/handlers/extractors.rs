//! Every argument that has to do with the request, the app or the connection, in every event it is there for.

use std::net::SocketAddr;

use robyn_ws::{
    FromEvent,
    axum::Extension as Layer,
    event::{EventContext, LiveEvent},
    prelude::*,
};
use robyn_ws_tests::{Client, Probe, Request, Seen, Server, probe};
use serde::Deserialize;

static ALL: SubRouter = SubRouter::new("/extractors/{tenant}");

#[derive(Clone)]
struct Stamp(&'static str);

struct Justice {
    city: &'static str,
}

struct Mailer {
    name: &'static str,
}

#[derive(Default, ConnectionState)]
struct Visits(u32);

#[derive(Debug, Deserialize)]
struct Place {
    tenant: String,
    room: u32,
}

#[derive(Debug, Deserialize)]
struct Paging {
    page: u8,
}

/// What the connection was asked for, in one line.
type Asked<'a> = (&'a Place, &'a Paging, &'a HeaderMap, &'a Uri);

fn request_line((place, paging, headers, uri): Asked<'_>) -> String {
    let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok());
    format!("{} {} {} {agent:?} {uri}", place.tenant, place.room, paging.page)
}

const REQUEST_LINE: &str = "acme 7 3 Some(\"bat\") /extractors/acme/7?page=3";

// ---- connect -----------------------------------------------------------------------------------------------------------

#[websocket("/{room}", on = "connect", router = ALL)]
fn connect(
    Path(place): Path<Place>,
    Query(paging): Query<Paging>,
    headers: &HeaderMap,
    uri: &Uri,
    ws: WebSocketConnector,
    state: &mut Visits,
) -> Result<String, SendError> {
    state.0 += 1;
    ws.sync_send(request_line((&place, &paging, headers, uri)))?;
    Ok("connected".to_owned())
}

// ---- message -----------------------------------------------------------------------------------------------------------

/// Which half of the arguments to tell is the message, so that every one of them is in this one handler.
#[websocket("/{room}", on = "message", router = ALL)]
async fn message(
    msg: &str,
    ws: &WebSocketConnector,
    deps: Global<Justice>,
    mailer: Scoped<Mailer>,
    Extension(stamp): Extension<Stamp>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    state: &Visits,
) -> String {
    tokio::task::yield_now().await;
    let same_peer = ws.peer_addr() == Some(peer) && peer.ip().is_loopback();
    format!(
        "{msg} {} {} {} {same_peer} {}",
        deps.city, mailer.name, stamp.0, state.0
    )
}

#[websocket("/{room}/request", on = "message", router = ALL)]
async fn message_request(
    Query(paging): Query<Paging>,
    uri: &Uri,
    Path(place): Path<Place>,
    headers: &HeaderMap,
    _msg: String,
) -> String {
    request_line((&place, &paging, headers, uri))
}

#[websocket("/{room}/request", on = "connect", router = ALL)]
async fn connect_rest(
    ws: &WebSocketConnector,
    deps: Global<Justice>,
    mailer: Scoped<Mailer>,
    Extension(stamp): Extension<Stamp>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    state: &Visits,
) -> String {
    let same_peer = ws.peer_addr() == Some(peer);
    format!("{} {} {} {same_peer} {}", deps.city, mailer.name, stamp.0, state.0)
}

// ---- close -------------------------------------------------------------------------------------------------------------

#[websocket("/{room}", on = "close", router = ALL)]
async fn close(
    reason: CloseReason,
    ws: WebSocketConnector,
    deps: Global<Justice>,
    mailer: Scoped<Mailer>,
    Extension(stamp): Extension<Stamp>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    state: &mut Visits,
) -> String {
    tokio::task::yield_now().await;
    state.0 += 1;
    let same_peer = ws.peer_addr() == Some(peer);
    format!(
        "{reason}: {} {} {} {same_peer} {}",
        deps.city, mailer.name, stamp.0, state.0
    )
}

#[websocket("/{room}/request", on = "close", router = ALL)]
fn close_request(
    reason: &CloseReason,
    Path(place): Path<Place>,
    Query(paging): Query<Paging>,
    headers: &HeaderMap,
    uri: &Uri,
    probe: Global<Probe>,
) -> String {
    probe.note(reason);
    request_line((&place, &paging, headers, uri))
}

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new()
        .inject_global(Justice { city: "Gotham" })
        .inject_global(probe)
        .include_router(ALL.inject(Mailer { name: "Alfred" }));
    let server = Server::start_with(app, |router| router.layer(Layer(Stamp("stamped")))).await;
    (server, seen)
}

async fn connect_to(server: &Server, target: &str) -> Client {
    Request::upgrade(target)
        .header("user-agent", "bat")
        .connect(server)
        .await
}

#[tokio::test]
async fn connect_message_and_close_handlers_take_every_argument_in_any_order() {
    let (server, _seen) = start().await;
    let mut client = connect_to(&server, "/extractors/acme/7?page=3").await;
    client.expect_texts(&[REQUEST_LINE, "connected"]).await;
    client.ask("hello", "hello Gotham Alfred stamped true 1").await;
    client.close(1000, "done").await;
    client
        .expect_text("closed by the client (1000: done): Gotham Alfred stamped true 2")
        .await;
    client.expect_close(1000, "").await;
}

#[tokio::test]
async fn each_event_has_the_upgrade_request_and_the_dependencies() {
    let (server, mut seen) = start().await;
    let mut client = connect_to(&server, "/extractors/acme/7/request?page=3").await;
    let line = format!("{}/request?page=3", REQUEST_LINE.trim_end_matches("?page=3"));
    client.expect_text("Gotham Alfred stamped true 0").await;
    client.ask("hello", &line).await;
    client.close(1000, "").await;
    client.expect_text(&line).await;
    client.expect_close(1000, "").await;
    seen.expect("closed by the client (1000)").await;
}

#[tokio::test]
async fn missing_extension_refuses_the_upgrade_with_500() {
    let (probe, _seen) = probe();
    let app = App::new()
        .inject_global(Justice { city: "Gotham" })
        .inject_global(probe)
        .include_router(ALL.inject(Mailer { name: "Alfred" }));
    let server = Server::start(app).await;
    let response = server.refused("/extractors/acme/7?page=3").await;
    assert_eq!((response.status, &*response.body), (500, ""), "{response:?}");
    assert_eq!(server.hub().count(), 0);
}

// ---- the connector tells the same ----------------------------------------------------------------------------------------

#[websocket("/extractors_connector/{room}", on = "connect")]
fn through_the_connector(ws: WebSocketConnector) -> String {
    let agent = ws.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
    format!(
        "{:?} {:?} {agent:?} {} {:?} {}",
        ws.path_params().get("room"),
        ws.query_params().get("page"),
        ws.uri(),
        ws.extensions().get::<Stamp>().map(|stamp| stamp.0),
        ws.peer_addr().is_some(),
    )
}

#[tokio::test]
async fn connector_tells_of_the_upgrade_request() {
    let server = Server::start_with(App::new(), |router| router.layer(Layer(Stamp("stamped")))).await;
    let mut client = connect_to(&server, "/extractors_connector/caf%C3%A9?page=3").await;
    client
        .expect_text(
            r#"Some("café") Some("3") Some("bat") /extractors_connector/caf%C3%A9?page=3 Some("stamped") true"#,
        )
        .await;
}

// ---- optional ones ---------------------------------------------------------------------------------------------------------

#[websocket("/extractors_optional/{room}", on = "connect")]
fn optional(
    paging: Option<Query<Paging>>,
    room: Option<Path<u32>>,
    stamp: Option<Extension<Stamp>>,
    missing: Option<Global<Justice>>,
    scoped: Result<Scoped<Mailer>, Rejection>,
) -> String {
    let paging = paging.map(|Query(paging)| paging.page);
    let room = room.map(|Path(room)| room);
    let stamp = stamp.map(|Extension(stamp)| stamp.0);
    format!("{paging:?} {room:?} {stamp:?} {} {}", missing.is_some(), scoped.is_ok())
}

#[websocket("/extractors_optional/{room}", on = "message")]
async fn optional_results(
    _msg: &str,
    paging: Result<Query<Paging>, Rejection>,
    room: Result<Path<u32>, Rejection>,
    peer: Option<ConnectInfo<SocketAddr>>,
) -> String {
    let paging = paging
        .map(|Query(paging)| paging.page)
        .map_err(|why| why.reason().to_owned());
    let room = room.map(|Path(room)| room).map_err(|why| why.code());
    format!("{paging:?} {room:?} {}", peer.is_some())
}

#[tokio::test]
async fn option_and_result_of_a_fallible_argument_do_not_refuse_the_upgrade() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/extractors_optional/7?page=3").await;
    client.expect_text("Some(3) Some(7) None false false").await;
    client.ask("hi", "Ok(3) Ok(7) true").await;

    let mut client = server.connect("/extractors_optional/seven?page=300").await;
    client.expect_text("None None None false false").await;
    client.send("hi").await;
    let answer = client.text().await;
    assert!(answer.starts_with("Err(") && answer.contains("page"), "{answer}");
    assert!(answer.ends_with(" Err(1008) true"), "{answer}");
    client.leave().await;
}

// ---- one's own -------------------------------------------------------------------------------------------------------------

/// The `lang` of the query.
struct Language<'a>(&'a str);

impl<'a, E: LiveEvent> FromEvent<'a, E> for Language<'a> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let language = cx.connector().query_params().get("lang");
        language
            .map(Self)
            .ok_or_else(|| Rejection::new(4006, "which language?"))
    }
}

#[websocket("/extractors_own", on = "connect")]
fn own_in_connect(language: Option<Language<'_>>) -> String {
    language.map_or("none", |language| language.0).to_owned()
}

#[websocket("/extractors_own", on = "message")]
async fn own_in_message(language: Language<'_>, msg: &str) -> String {
    format!("{msg} in {}", language.0)
}

#[websocket("/extractors_own", on = "close")]
fn own_in_close(language: Result<Language<'_>, Rejection>) -> String {
    format!("{:?}", language.map(|language| language.0).map_err(|why| why.code()))
}

#[tokio::test]
async fn type_of_ones_own_works_in_every_event_and_its_rejection_closes_with_its_code() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/extractors_own?lang=de").await;
    client.expect_text("de").await;
    client.ask("hi", "hi in de").await;
    client.close(1000, "").await;
    client.expect_text(r#"Ok("de")"#).await;
    client.expect_close(1000, "").await;

    let mut client = server.connect("/extractors_own").await;
    client.expect_text("none").await;
    client.send("hi").await;
    client.expect_text("Err(4006)").await;
    client.expect_close(4006, "which language?").await;
}
