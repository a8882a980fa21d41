//! Which pages may connect.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Request, Server};

#[websocket("/origins", on = "connect")]
fn connect() -> &'static str {
    "connected"
}

fn request(host: &str, origin: &str) -> Request {
    Request::upgrade("/origins")
        .header("host", host)
        .header("origin", origin)
}

async fn expect_accepted(server: &Server, host: &str, origin: &str) {
    request(host, origin).raw(server).await.expect_text("connected").await;
}

async fn expect_refused(server: &Server, host: &str, origin: &str) {
    let response = request(host, origin).refused(server).await;
    response.expect(403, "pages from this origin may not connect");
    assert_eq!(server.hub().count(), 0);
}

#[tokio::test]
async fn request_without_an_origin_passes() {
    for app in [App::new(), App::new().origins(Origins::list(["https://example.com"]))] {
        let server = Server::start(app).await;
        server.connect("/origins").await.expect_text("connected").await;
    }
}

#[tokio::test]
async fn page_of_the_same_host_passes_and_a_foreign_one_gets_403() {
    for app in [App::new(), App::new().origins(Origins::same_host())] {
        let server = Server::start(app).await;
        for (host, origin) in [
            ("localhost:8080", "http://localhost:9090"),
            ("localhost:8080", "http://localhost"),
            ("example.com", "https://evil.example"),
            ("example.com", "https://sub.example.com"),
            ("example.com", "https://example.com.evil.example"),
            ("example.com", "null"),
            ("example.com", ""),
        ] {
            expect_refused(&server, host, origin).await;
        }
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8080"),
            ("example.com", "https://example.com"),
            ("example.com", "http://EXAMPLE.com"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            expect_accepted(&server, host, origin).await;
        }
    }
}

#[tokio::test]
async fn list_allows_exact_origins_and_subdomains() {
    let list = Origins::list(["https://example.com", "https://*.example.org:8443"]);
    let server = Server::start(App::new().origins(list)).await;
    for origin in [
        "http://example.com",
        "https://example.com:8443",
        "https://www.example.com",
        "https://example.org:8443",
        "https://www.example.org",
        "https://evilexample.org:8443",
        // The request's own host is not in the list.
        "https://localhost",
    ] {
        expect_refused(&server, "localhost", origin).await;
    }
    for origin in [
        "https://example.com",
        "https://example.com:443",
        "https://www.example.org:8443",
        "https://a.b.example.org:8443",
    ] {
        expect_accepted(&server, "localhost", origin).await;
    }
}

#[tokio::test]
async fn any_allows_every_page() {
    let server = Server::start(App::new().origins(Origins::any())).await;
    for origin in ["https://evil.example", "null", "http://localhost:1"] {
        expect_accepted(&server, "example.com", origin).await;
    }
}

#[tokio::test]
async fn malformed_origin_is_refused_and_no_panic() {
    let server = Server::start(App::new()).await;
    for origin in [&b"\xff"[..], b"https://k\xc3\xa4se.example"] {
        let request = Request::upgrade("/origins").header("origin", origin);
        assert_eq!(request.refused(&server).await.status, 400);
    }
    let twice = Request::upgrade("/origins")
        .header("origin", "http://localhost")
        .header("origin", "https://evil.example");
    twice
        .refused(&server)
        .await
        .expect(400, "`Origin` appears more than once");
    server.connect("/origins").await.expect_text("connected").await;
}
