//! The opening handshake: what is accepted, what is refused and how, and subprotocols.

use robyn_ws::prelude::*;
use robyn_ws_tests::{KEY, Probe, Request, Seen, Server, probe, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

static UPGRADE: SubRouter = SubRouter::new("/upgrade");

#[websocket("/", on = "connect", router = UPGRADE)]
fn connect(ws: WebSocketConnector, probe: Global<Probe>) -> String {
    probe.note("connected");
    format!("subprotocol {:?}", ws.subprotocol())
}

#[websocket("/", on = "close", router = UPGRADE)]
fn close(probe: Global<Probe>) {
    probe.note("closed");
}

async fn start(app: App) -> (Server, Seen) {
    let (probe, seen) = probe();
    (
        Server::start(app.inject_global(probe).include_router(&UPGRADE)).await,
        seen,
    )
}

#[tokio::test]
async fn correct_request_is_answered_with_101_and_the_accept_key() {
    let (server, mut seen) = start(App::new()).await;
    // `raw` compares the headers with the example of RFC 6455 section 1.3.
    let mut client = server.raw("/upgrade").await;
    client.expect_text("subprotocol None").await;
    seen.expect("connected").await;
}

#[tokio::test]
async fn header_values_are_read_as_lists_and_in_any_case() {
    let (server, _seen) = start(App::new()).await;
    let request = Request::upgrade("/upgrade")
        .header("connection", "keep-alive, UPGRADE")
        .header("upgrade", "WebSocket");
    request.raw(&server).await.expect_text("subprotocol None").await;
}

#[tokio::test]
async fn unknown_path_is_404() {
    let (server, _seen) = start(App::new()).await;
    for path in ["/", "/nowhere", "/upgrade/", "/upgrade/x", "/Upgrade"] {
        assert_eq!(server.refused(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn plain_get_is_400_with_a_readable_body() {
    let (server, _seen) = start(App::new()).await;
    let response = Request::get("/upgrade").refused(&server).await;
    response.expect(400, "this is a WebSocket endpoint: connect with a WebSocket client");
}

#[tokio::test]
async fn other_version_is_426_and_names_13() {
    let (server, _seen) = start(App::new()).await;
    for version in ["12", "14", "0", "x"] {
        let request = Request::upgrade("/upgrade").header("sec-websocket-version", version);
        let response = request.refused(&server).await;
        response.expect(426, "this server speaks 13");
        assert_eq!(response.header("sec-websocket-version"), Some("13"));
    }
}

#[tokio::test]
async fn incomplete_or_malformed_request_is_400_and_says_what_is_wrong() {
    let (server, mut seen) = start(App::new()).await;
    let upgrade = || Request::upgrade("/upgrade");
    for (request, words) in [
        (upgrade().without("upgrade"), "`Upgrade: websocket`"),
        (upgrade().header("upgrade", "h2c"), "`Upgrade: websocket`"),
        (upgrade().without("connection"), "`Connection: Upgrade`"),
        (upgrade().header("connection", "keep-alive"), "`Connection: Upgrade`"),
        (upgrade().without("sec-websocket-version"), "`Sec-WebSocket-Version`"),
        (upgrade().header("sec-websocket-version", ""), "`Sec-WebSocket-Version`"),
        (
            upgrade().header("sec-websocket-version", b"\xff"),
            "`Sec-WebSocket-Version`",
        ),
        (upgrade().without("sec-websocket-key"), "`Sec-WebSocket-Key`"),
        (upgrade().header("sec-websocket-key", ""), "`Sec-WebSocket-Key`"),
        (
            upgrade().header("sec-websocket-key", "too short"),
            "`Sec-WebSocket-Key`",
        ),
        (
            upgrade().header("sec-websocket-key", b"\xff\xfe"),
            "`Sec-WebSocket-Key`",
        ),
        (
            upgrade()
                .header("sec-websocket-key", KEY)
                .header("sec-websocket-key", KEY),
            "`Sec-WebSocket-Key` appears 2 times",
        ),
        (
            upgrade()
                .header("sec-websocket-version", "13")
                .header("sec-websocket-version", "8"),
            "`Sec-WebSocket-Version` appears 2 times",
        ),
        (upgrade().without("host"), "`Host` is missing"),
        (
            upgrade().header("host", "one").header("host", "other"),
            "`Host` appears 2 times",
        ),
        (
            upgrade().header("sec-websocket-protocol", ""),
            "`Sec-WebSocket-Protocol`",
        ),
        (
            upgrade().header("sec-websocket-protocol", "a b"),
            "`Sec-WebSocket-Protocol`",
        ),
        (
            upgrade().header("sec-websocket-protocol", "käse"),
            "`Sec-WebSocket-Protocol`",
        ),
    ] {
        request.refused(&server).await.expect(400, words);
    }
    assert_eq!(server.hub().count(), 0, "a refusal registers nothing");
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a refusal runs no handler");
}

#[tokio::test]
async fn other_methods_are_405() {
    let (server, _seen) = start(App::new()).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::upgrade("/upgrade").line(&format!("{method} /upgrade HTTP/1.1"));
        assert_eq!(request.refused(&server).await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn http_1_0_is_400() {
    let (server, _seen) = start(App::new()).await;
    let request = Request::upgrade("/upgrade").line("GET /upgrade HTTP/1.0");
    request.refused(&server).await.expect(400, "HTTP/1.1");
}

#[tokio::test]
async fn huge_handshake_is_refused_and_the_server_goes_on() {
    let (server, _seen) = start(App::new()).await;
    let huge = format!("x-huge: {}\r\n", "x".repeat(1024 * 1024));
    let many = "x-many: x\r\n".repeat(2000);
    for headers in [huge, many] {
        let mut stream = server.tcp().await;
        let request = format!("GET /upgrade HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let mut answer = Vec::new();
        let exchange = async {
            // The server may end TCP before it has read everything.
            let _written = stream.write_all(request.as_bytes()).await;
            let _read = stream.read_to_end(&mut answer).await;
        };
        within("the end of TCP", exchange).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    server.connect("/upgrade").await.expect_text("subprotocol None").await;
}

// ---- subprotocols --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn first_offered_subprotocol_that_is_known_is_chosen() {
    let (server, _seen) = start(App::new().subprotocols(["chat.v2", "chat.v1"])).await;
    for (offer, chosen) in [
        ("chat.v1", "chat.v1"),
        ("chat.v1, chat.v2", "chat.v1"),
        ("chat.v2,chat.v1", "chat.v2"),
        ("unknown, chat.v2", "chat.v2"),
    ] {
        let request = Request::upgrade("/upgrade").header("sec-websocket-protocol", offer);
        let mut client = request.connect(&server).await;
        assert_eq!(client.header("sec-websocket-protocol"), Some(chosen), "{offer}");
        client.expect_text(&format!("subprotocol Some({chosen:?})")).await;
    }
}

#[tokio::test]
async fn subprotocols_may_be_offered_in_several_headers() {
    let (server, _seen) = start(App::new().subprotocols(["chat.v1"])).await;
    let request = Request::upgrade("/upgrade")
        .header("sec-websocket-protocol", "unknown")
        .header("sec-websocket-protocol", "chat.v1");
    let mut client = request.raw(&server).await;
    assert_eq!(client.response().header("sec-websocket-protocol"), Some("chat.v1"));
    client.expect_text(r#"subprotocol Some("chat.v1")"#).await;
}

#[tokio::test]
async fn no_known_subprotocol_is_no_subprotocol() {
    for app in [App::new(), App::new().subprotocols(["chat.v1"])] {
        let (server, _seen) = start(app).await;
        for offer in ["unknown", "CHAT.V1", "chat.v1x, chat"] {
            let request = Request::upgrade("/upgrade").header("sec-websocket-protocol", offer);
            let mut client = request.raw(&server).await;
            assert_eq!(client.response().header("sec-websocket-protocol"), None, "{offer}");
            client.expect_text("subprotocol None").await;
        }
    }
}
