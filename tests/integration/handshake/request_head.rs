//! The head of an upgrade request: how long it may be, and what of it a connection keeps.

use axum::{Router, extract::OriginalUri};
use robyn_ws::prelude::*;
use robyn_ws_tests::{KEY, Request, Server};

static HEAD: SubRouter = SubRouter::new("/request_head");

#[websocket("/", on = "connect", router = HEAD)]
fn connect(ws: &WebSocketConnector) -> String {
    ws.headers().len().to_string()
}

#[websocket("/checked", on = "upgrade", router = HEAD)]
fn check(_uri: OriginalUri) {}

#[websocket("/checked", on = "connect", router = HEAD)]
fn checked(ws: &WebSocketConnector) -> String {
    let kept = ws.extensions().get::<OriginalUri>().is_some();
    format!("{} {kept}", ws.uri())
}

fn app(limits: Limits) -> App {
    App::new().include_router(&HEAD).limits(limits)
}

/// The bytes of [`Request::upgrade`] to `/request_head`.
fn standard() -> usize {
    let headers = [
        ("host", "localhost"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];
    let headers = headers.iter().map(|(name, value)| name.len() + value.len());
    "/request_head".len() + headers.sum::<usize>()
}

/// A request whose head has `size` bytes.
fn request(size: usize) -> Request {
    let name = "x-long";
    let value = "x".repeat(size - standard() - name.len());
    Request::upgrade("/request_head").header(name, value)
}

#[tokio::test]
async fn head_over_64_kib_is_431_and_names_the_limit() {
    let server = Server::start(app(Limits::default())).await;
    for size in [64 * 1024 + 1, 100 * 1024, 350 * 1024] {
        let response = request(size).refused(&server).await;
        response.expect(431, "`Limits::max_request_head`");
    }
    let many = (0..90).fold(Request::upgrade("/request_head"), |request, number| {
        request.header(&format!("x-{number}"), "x".repeat(1024))
    });
    many.refused(&server).await.expect(431, "`Limits::max_request_head`");
    request(64 * 1024).raw(&server).await.expect_text("6").await;
}

#[tokio::test]
async fn head_is_bounded_by_the_limit_that_is_set() {
    let server = Server::start(app(Limits::default().max_request_head(1000))).await;
    request(1001)
        .refused(&server)
        .await
        .expect(431, "1001 bytes, more than the 1000");
    request(1000).raw(&server).await.expect_text("6").await;
    let target = format!("/request_head?{}", "x".repeat(1000));
    let response = Request::upgrade(&target).refused(&server).await;
    response.expect(431, "`Limits::max_request_head`");
}

/// What routers have noted there refers to the server's buffer, in which all of the request is.
#[tokio::test]
async fn connection_keeps_no_second_copy_of_its_request() {
    let nest = |router: Router| Router::new().nest("/outer", router);
    let server = Server::start_with(app(Limits::default()), nest).await;
    let target = "/outer/request_head/checked";
    let mut client = Request::upgrade(target).raw(&server).await;
    client.expect_text(&format!("{target} false")).await;
}
