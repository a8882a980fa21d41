//! What the opening request may have: a body, lists, a target in absolute form, a host.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Request, Server, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

static RULES: SubRouter = SubRouter::new("/handshake_rules");

#[websocket("/", on = "connect", router = RULES)]
fn connect(ws: &WebSocketConnector) -> String {
    format!("subprotocol {:?}", ws.subprotocol())
}

async fn start() -> Server {
    Server::start(App::new().subprotocols(["chat"]).include_router(&RULES)).await
}

fn upgrade() -> Request {
    Request::upgrade("/handshake_rules")
}

// ---- a body ----------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn upgrade_with_a_body_is_400_however_its_bytes_come() {
    let server = start().await;
    for (name, value, body) in [
        ("content-length", "5", "hello"),
        ("content-length", "1", "h"),
        ("transfer-encoding", "chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ("transfer-encoding", "chunked", "0\r\n\r\n"),
    ] {
        let (head, body) = (upgrade().header(name, value).to_bytes(), body.as_bytes());
        let whole = [&head, body].concat();
        // All at once; the body in a segment of its own; no body at all.
        for (first, rest) in [(&whole[..], &b""[..]), (&head, body), (&head, b"")] {
            let mut stream = server.tcp().await;
            stream.set_nodelay(true).expect("TCP");
            let exchange = async {
                stream.write_all(first).await.expect("the server reads");
                let mut answer = vec![0; 12];
                stream.read_exact(&mut answer).await.expect("an answer");
                // The answer ends TCP, perhaps before the rest is there.
                let _written = stream.write_all(rest).await;
                String::from_utf8(answer).expect("text")
            };
            assert_eq!(
                within("the answer", exchange).await,
                "HTTP/1.1 400",
                "{name}: {value}, {rest:?}"
            );
        }
    }
    assert_eq!(server.hub().count(), 0);
}

#[tokio::test]
async fn refusal_of_a_body_ends_tcp_and_comes_before_everything_else() {
    let server = start().await;
    let request = Request::get("/handshake_rules").header("content-length", "3");
    let response = request.refused(&server).await;
    response.expect(400, "a WebSocket upgrade has no body");
    assert_eq!(response.header("connection"), Some("close"));
}

#[tokio::test]
async fn empty_body_is_no_body() {
    let server = start().await;
    for length in ["0", "00"] {
        let request = upgrade().header("content-length", length);
        request.raw(&server).await.expect_text("subprotocol None").await;
    }
}

// ---- lists -----------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn empty_elements_of_lists_are_ignored() {
    let server = start().await;
    for offer in ["chat,", ",chat", ", chat", "chat,,x", "x, ,chat ,", ",,,chat"] {
        let mut client = upgrade().header("sec-websocket-protocol", offer).raw(&server).await;
        assert_eq!(
            client.response().header("sec-websocket-protocol"),
            Some("chat"),
            "{offer}"
        );
        client.expect_text(r#"subprotocol Some("chat")"#).await;
    }
    let request = upgrade()
        .header("sec-websocket-protocol", "")
        .header("sec-websocket-protocol", "chat");
    request
        .raw(&server)
        .await
        .expect_text(r#"subprotocol Some("chat")"#)
        .await;
    let request = upgrade()
        .header("connection", ", keep-alive,, Upgrade,")
        .header("upgrade", ",websocket,");
    request.raw(&server).await.expect_text("subprotocol None").await;
}

#[tokio::test]
async fn list_without_any_subprotocol_is_400() {
    let server = start().await;
    for offer in ["", ",", " , ,", "chat,b d", "chat,\u{e9}", "chat;q=1", "\"chat\""] {
        let response = upgrade().header("sec-websocket-protocol", offer).refused(&server).await;
        response.expect(400, "`Sec-WebSocket-Protocol` is malformed");
    }
}

// ---- 426 -------------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn other_version_is_426_and_says_which_protocol_and_version_to_upgrade_to() {
    let server = start().await;
    let long = "8".repeat(4000);
    for version in ["8", "0", "13, 8", "x", &long] {
        let request = upgrade().header("sec-websocket-version", version);
        let response = request.refused(&server).await;
        response.expect(426, "this server speaks 13");
        assert_eq!(response.header("upgrade"), Some("websocket"));
        assert_eq!(response.header("connection"), Some("upgrade"));
        assert_eq!(response.header("sec-websocket-version"), Some("13"));
        assert!(response.body.len() < 300, "{}", response.body);
    }
}

// ---- the host --------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn invalid_host_is_400() {
    let server = start().await;
    for host in [
        "",
        " ",
        "a b",
        "host:99999",
        "host:http",
        "host:-1",
        "host:80:80",
        "user@host",
        "host/path",
        "http://host",
        "host?x",
        "a,b",
        "[::1",
        "[zz]",
        "::1",
        "*",
        "h\u{f6}st",
        "a..b",
    ] {
        let response = upgrade().header("host", host).refused(&server).await;
        response.expect(400, "`Host`");
    }
    for host in [
        "localhost",
        "localhost:",
        "localhost:80",
        "[::1]:8080",
        "my_host",
        "host.",
        "127.1",
    ] {
        upgrade().header("host", host).raw(&server).await;
    }
}

#[tokio::test]
async fn absolute_target_wins_over_host() {
    let server = start().await;
    let request = |target: &str, host: &str, origin: &str| {
        upgrade()
            .line(&format!("GET {target} HTTP/1.1"))
            .header("host", host)
            .header("origin", origin)
    };
    let target = "http://example.com:8080/handshake_rules";
    let page = "http://example.com:8080";
    request(target, "elsewhere", page).raw(&server).await;
    let foreign = request(target, "elsewhere", "http://elsewhere").refused(&server).await;
    assert_eq!(foreign.status, 403);
    for (target, host) in [
        (target, "a b"),
        ("http://user@example.com/handshake_rules", "example.com"),
    ] {
        assert_eq!(
            request(target, host, page).refused(&server).await.status,
            400,
            "{target} {host}"
        );
    }
}
