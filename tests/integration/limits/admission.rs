//! Limits on who may connect, checked before the 101.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Server, within};

#[websocket("/limits", on = "connect")]
#[websocket("/limits/more", on = "connect")]
fn connect() -> &'static str {
    "connected"
}

async fn client(server: &Server, path: &str) -> Client {
    let mut client = server.connect(path).await;
    client.expect_text("connected").await;
    client
}

/// Waits until `path` is served again: its place becomes free a moment after the client's end.
async fn expect_free_again(server: &Server, path: &str) {
    let attempts = async { while server.get_status(path).await != 101 {} };
    within("a place to become free", attempts).await;
}

/// Tells how an upgrade is answered.
trait Status {
    async fn get_status(&self, path: &str) -> u16;
}

impl Status for Server {
    async fn get_status(&self, path: &str) -> u16 {
        robyn_ws_tests::Request::upgrade(path).answer(self).await.status
    }
}

#[tokio::test]
async fn connection_above_max_connections_is_503_with_retry_after() {
    let server = Server::start(App::new().limits(Limits::default().max_connections(2))).await;
    let one = client(&server, "/limits").await;
    let _two = client(&server, "/limits/more").await;
    for path in ["/limits", "/limits/more"] {
        let response = server.refused(path).await;
        response.expect(503, "`Limits::max_connections`");
        assert!(response.header("retry-after").is_some());
    }
    assert_eq!(server.hub().count(), 2);
    one.leave().await;
    expect_free_again(&server, "/limits").await;
}

#[tokio::test]
async fn connection_above_max_connections_per_ip_is_429() {
    let server = Server::start(App::new().limits(Limits::default().max_connections_per_ip(2))).await;
    let one = client(&server, "/limits").await;
    let _two = client(&server, "/limits").await;
    server
        .refused("/limits")
        .await
        .expect(429, "`Limits::max_connections_per_ip`");
    drop(one);
    expect_free_again(&server, "/limits").await;
}

static NARROW: SubRouter = SubRouter::new("/limits/narrow");

#[websocket("/", on = "connect", router = NARROW)]
fn connect_narrow() -> &'static str {
    "connected"
}

#[tokio::test]
async fn sub_router_counts_its_own_connections() {
    let app = App::new()
        .limits(Limits::default().max_connections(3))
        .include_router(NARROW.limits(Limits::default().max_connections(1)));
    let server = Server::start(app).await;
    let _outside = client(&server, "/limits").await;
    let _inside = client(&server, "/limits/narrow").await;
    assert_eq!(server.refused("/limits/narrow").await.status, 503);
    let _outside = client(&server, "/limits").await;
    assert_eq!(server.refused("/limits").await.status, 503);
}

#[websocket("/limits/refusing", on = "upgrade")]
fn refuse() -> Result<(), StatusCode> {
    Err(StatusCode::UNAUTHORIZED)
}

#[tokio::test]
async fn refused_upgrade_takes_no_place() {
    let limits = Limits::default().max_connections(1).max_connections_per_ip(1);
    let server = Server::start(App::new().limits(limits)).await;
    for _ in 0..5 {
        assert_eq!(server.refused("/limits/refusing").await.status, 401);
    }
    client(&server, "/limits").await;
}

#[tokio::test]
async fn request_target_above_the_limit_is_414() {
    let server = Server::start(App::new().limits(Limits::default().max_request_target(20))).await;
    client(&server, "/limits?12345678901x").await;
    server
        .refused("/limits?123456789012x")
        .await
        .expect(414, "`Limits::max_request_target`");
}

#[tokio::test]
async fn request_target_has_8_kib_by_default() {
    let server = Server::start(App::new()).await;
    let path = "/limits?";
    client(&server, &format!("{path}{}", "x".repeat(8192 - path.len()))).await;
    let response = server
        .refused(&format!("{path}{}", "x".repeat(8193 - path.len())))
        .await;
    response.expect(414, "8193 bytes");
}

#[websocket("/limits/longest", on = "message")]
async fn later(ws: WebSocketConnector, msg: &str) -> Result<String, SendError> {
    tokio::task::yield_now().await;
    ws.async_send("sent").await?;
    Ok(msg.to_owned())
}

const YEAR: Duration = Duration::from_hours(365 * 24);

#[tokio::test]
async fn time_limits_may_be_as_long_as_a_year() {
    let limits = Limits::default()
        .send_timeout(YEAR)
        .heartbeat_interval(YEAR)
        .idle_timeout(YEAR)
        .close_timeout(YEAR)
        .handler_grace(YEAR)
        .shutdown_grace(YEAR)
        .max_outbound_messages(1);
    let server = Server::start(App::new().limits(limits)).await;
    let mut client = server.connect("/limits/longest").await;
    for message in ["one", "two"] {
        client.send(message).await;
        client.expect_texts(&["sent", message]).await;
    }
    client.leave().await;
}
