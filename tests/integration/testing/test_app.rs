//! `test_util`: an app under test without a port.

use std::{net::SocketAddr, time::Duration};

use robyn_ws::{prelude::*, test_util::TestApp};
use serde::{Deserialize, Serialize};

static TESTED: SubRouter = SubRouter::new("/tested");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Say {
    text: String,
}

#[websocket("/chat", on = "connect", router = TESTED)]
fn enter(ws: &WebSocketConnector) -> String {
    format!("room {}", ws.query_params().get("room").unwrap_or("none"))
}

#[websocket("/chat", on = "message", router = TESTED)]
fn say(Json(say): Json<Say>) -> Json<Say> {
    Json(Say {
        text: say.text.to_uppercase(),
    })
}

#[websocket("/guarded", on = "upgrade", router = TESTED)]
fn guard(headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let known = headers.get("x-name").is_some();
    known.then_some(()).ok_or((StatusCode::UNAUTHORIZED, "who are you?"))
}

#[websocket("/guarded", on = "message", router = TESTED)]
fn bytes(ws: &WebSocketConnector, msg: Vec<u8>) -> Vec<u8> {
    let chosen = ws.subprotocol().unwrap_or("none").as_bytes();
    [chosen, &msg].concat()
}

#[websocket("/slow", on = "message", router = TESTED)]
async fn slow(msg: String) -> String {
    tokio::time::sleep(Duration::from_hours(1)).await;
    msg
}

fn app() -> App {
    App::new().include_router(&TESTED)
}

#[tokio::test]
async fn text_and_json_go_both_ways_without_a_port() {
    let app = TestApp::new(app());
    let mut client = app.connect("/tested/chat?room=a").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "room a");
    client.send_json(&Say { text: "hello".into() }).await;
    assert_eq!(client.receive_json::<Say>().await, Say { text: "HELLO".into() });
    client.close().await;
    client.expect_close(1000).await;
}

#[tokio::test]
async fn refused_upgrade_gives_the_status_and_the_body() {
    let app = TestApp::new(app());
    let refused = app.connect("/tested/guarded").await.expect_err("a refusal");
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (StatusCode::UNAUTHORIZED, "who are you?")
    );
    let unknown = app.connect("/tested/nowhere").await.expect_err("a refusal");
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let words = unknown.to_string();
    assert!(words.contains("no endpoint has the path `/tested/nowhere`"), "{words}");
    assert!(words.contains("`/tested/guarded`"), "{words}");
}

#[tokio::test]
async fn request_takes_headers_and_a_subprotocol() {
    let app = TestApp::new(app().subprotocols(["batman"]));
    let request = app
        .request("/tested/guarded")
        .header("x-name", "gordon")
        .subprotocol("batman");
    let mut client = request.connect().await.expect("the upgrade");
    client.send_bytes(vec![b'!']).await;
    assert_eq!(client.receive_bytes().await, "batman!");
}

#[websocket("/address", on = "connect", router = TESTED)]
fn tell_address(ws: &WebSocketConnector, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    assert_eq!(ws.peer_addr(), Some(peer));
    peer.ip().to_string()
}

#[tokio::test]
async fn client_comes_from_this_machine_or_from_the_address_it_is_given() {
    let app = TestApp::new(app().limits(Limits::default().max_connections_per_ip(1)));
    let mut near = app.connect("/tested/address").await.expect("the upgrade");
    assert_eq!(near.receive_text().await, "127.0.0.1");
    let refused = app.connect("/tested/address").await.expect_err("a second one");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let far = app.request("/tested/address").peer_addr(([192, 0, 2, 1], 1).into());
    let mut far = far.connect().await.expect("the upgrade");
    assert_eq!(far.receive_text().await, "192.0.2.1");
}

#[tokio::test(start_paused = true)]
async fn idle_timeout_of_an_hour_takes_no_real_time() {
    let start = std::time::Instant::now();
    let app = TestApp::new(app().limits(Limits::default().idle_timeout(Duration::from_hours(1))));
    let mut client = app.connect("/tested/chat").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "room none");
    client.expect_silence(Duration::from_secs(3599)).await;
    client.expect_close(1001).await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn client_that_answers_no_ping_is_gone_after_two_heartbeats() {
    let app = TestApp::new(app());
    let mut client = app.connect("/tested/chat").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "room none");
    client.stop_reading();
    tokio::time::sleep(Duration::from_secs(49)).await;
    assert_eq!(app.hub().count(), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(app.hub().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn slow_handler_never_times_out_its_own_client() {
    let app = TestApp::new(app().limits(Limits::default().max_read_ahead(1)));
    let mut client = app.connect("/tested/slow").await.expect("the upgrade");
    for text in ["one", "two", "three"] {
        client.send_text(text).await;
    }
    for text in ["one", "two", "three"] {
        assert_eq!(client.receive_text().await, text);
    }
}

#[tokio::test]
async fn drain_closes_with_1001() {
    let app = TestApp::new(app());
    let mut client = app.connect("/tested/chat").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "room none");
    let (drained, ()) = tokio::join!(app.drain(Duration::from_secs(5)), client.expect_close(1001));
    assert_eq!((drained.closed, drained.cut), (1, 0));
}

#[tokio::test]
async fn failed_expectation_says_what_was_seen() {
    let app = TestApp::new(app());
    let mut client = app.connect("/tested/chat").await.expect("the upgrade");
    let failed = tokio::spawn(async move { client.expect_close(1000).await }).await;
    let panic = failed.expect_err("a message comes first").into_panic();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    assert_eq!(
        text,
        Some("a close with 1000 was expected, but a message came: \"room none\"")
    );
}
