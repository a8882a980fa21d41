//! The host, the scheme and the version of HTTP that a connector tells.

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::{Request, Server, Transport};

static ASKED: SubRouter = SubRouter::new("/asked");

#[websocket("/plain", on = "connect", router = ASKED)]
#[websocket("/upgraded", on = "connect", router = ASKED)]
fn tell(ws: &WebSocketConnector) -> String {
    let (host, scheme) = (ws.host().unwrap_or("nobody"), ws.scheme().unwrap_or("unknown"));
    format!("{scheme}://{host} {:?}", ws.http_version())
}

/// An endpoint with such a handler keeps the request in another form.
#[websocket("/upgraded", on = "upgrade", router = ASKED)]
fn upgrade() {}

#[websocket("/unread", on = "message", router = ASKED)]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

fn app() -> App {
    let paths = ["/asked/plain", "/asked/upgraded", "/asked/unread"];
    App::new().only(paths).include_router(&ASKED)
}

async fn expect(server: &Server, request: impl Fn(&str) -> Request, expected: &str) {
    for path in ["/asked/plain", "/asked/upgraded"] {
        request(path).raw(server).await.expect_text(expected).await;
    }
}

#[tokio::test]
async fn host_is_that_of_the_request_and_the_scheme_is_unknown_without_tls() {
    let server = Server::start_as_served(app(), |router| router).await;
    let with_host = |path: &str| Request::upgrade(path).header("host", "example.com:8443");
    expect(&server, with_host, "unknown://example.com:8443 Some(HTTP/1.1)").await;
    let absolute = |path: &str| Request::upgrade(path).line(&format!("GET http://other.example{path} HTTP/1.1"));
    expect(&server, absolute, "unknown://other.example Some(HTTP/1.1)").await;
    let untrusted = |path: &str| {
        Request::upgrade(path)
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.example;proto=https")
    };
    expect(&server, untrusted, "unknown://localhost Some(HTTP/1.1)").await;
}

#[tokio::test]
async fn tls_and_http2_are_told() {
    for (transport, expected) in [
        (Transport::Tls, "https://localhost Some(HTTP/1.1)"),
        (Transport::Http2, "https://localhost Some(HTTP/2.0)"),
    ] {
        let server = Server::start_encrypted(app(), |router| router, transport).await;
        for path in ["/asked/plain", "/asked/upgraded"] {
            server.connect(path).await.expect_text(expected).await;
        }
    }
}

#[tokio::test]
async fn host_and_scheme_of_a_trusted_proxy_win() {
    let app = TestApp::new(app().trusted_proxies(["127.0.0.1"]));
    for (name, value, expected) in [
        (
            "x-forwarded-host",
            "example.com",
            "unknown://example.com Some(HTTP/1.1)",
        ),
        ("x-forwarded-proto", "wss", "https://test Some(HTTP/1.1)"),
        (
            "forwarded",
            "for=192.0.2.7;host=\"[2001:db8::1]:81\";proto=http",
            "http://[2001:db8::1]:81 Some(HTTP/1.1)",
        ),
    ] {
        for path in ["/asked/plain", "/asked/upgraded"] {
            let request = app.request(path).header(name, value);
            let mut client = request.connect().await.expect("the upgrade");
            assert_eq!(client.receive_text().await, expected, "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn nothing_is_told_where_no_handler_can_read_the_request() {
    let app = TestApp::new(app());
    let _client = app.connect("/asked/unread").await.expect("the upgrade");
    let endpoint = app.hub().endpoint("/asked/unread");
    let ws = endpoint.connector(endpoint.ids()[0]).expect("it is connected");
    assert_eq!((ws.host(), ws.scheme(), ws.http_version()), (None, None, None));
}
