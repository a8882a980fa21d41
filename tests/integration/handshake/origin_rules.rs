//! What an origin is, and which entries a list refuses.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Request, Server};

#[websocket("/origin_rules", on = "connect")]
fn connect() -> &'static str {
    "connected"
}

/// Returns the status of the answer to a page of `origin` that connects to `host`.
async fn status(server: &Server, host: &str, origin: &str) -> u16 {
    let request = Request::upgrade("/origin_rules")
        .header("host", host)
        .header("origin", origin);
    request.answer(server).await.status
}

/// What could never match, or means something else than it looks like, and a word of what is said about it.
const NOT_ORIGINS: [(&str, &str); 41] = [
    ("", "scheme is missing"),
    ("*", "Origins::any()"),
    ("https://*", "Origins::any()"),
    ("http://*", "Origins::any()"),
    ("*://example.com", "`*`"),
    ("http://localhost:*", "`*`"),
    ("https://pr-*.example.com", "`*`"),
    ("https://*example.com", "`*`"),
    ("https://*.*.example.com", "`*`"),
    ("https://example.*", "`*`"),
    ("https://a.*.example.com", "`*`"),
    ("https://*.example.com:*", "`*`"),
    ("https://*.", "host is missing"),
    ("https://*.127.0.0.1", "no subdomains"),
    ("https://*.[::1]", "no subdomains"),
    ("null", "allow_null()"),
    ("file://", "allow_file()"),
    ("file:///", "`http` and `https`"),
    ("example.com", "scheme is missing"),
    ("localhost:3000", "scheme is missing"),
    ("//example.com", "scheme is missing"),
    ("https:example.com", "scheme is missing"),
    ("ws://example.com", "`http://`"),
    ("wss://example.com", "`https://`"),
    ("foo://example.com", "`http` and `https`"),
    ("chrome-extension://abcdef", "`http` and `https`"),
    ("https://example.com/", "remove the `/`"),
    ("https://example.com/app", "remove the `/`"),
    ("https://example.com?a", "remove the `/`"),
    ("https://user@example.com", "user name"),
    ("https://example.com:65536", "65535"),
    ("https://example.com:0", "port"),
    ("https://example.com:", "port"),
    ("https://example.com:https", "65535"),
    ("https://käse.example", "Punycode"),
    ("https://exa mple.com", "cannot be in a host"),
    (" https://example.com", "whitespace"),
    ("https://a.example,https://b.example", "remove the `/`"),
    ("https://127.1", "IPv4"),
    ("https://-a.example", "`-`"),
    ("https://xn--", "`-`"),
];

#[tokio::test]
async fn list_refuses_what_could_never_match_with_the_line_of_the_call() {
    for (entry, words) in NOT_ORIGINS {
        let line = line!() + 1;
        let origins = Origins::list(["https://fine.example", entry]);
        let errors = App::new().origins(origins).build().expect_err(entry);
        let error = errors.iter().next().expect("an error");
        assert_eq!(errors.len(), 1, "{errors}");
        assert!(error.message().contains(words), "{entry}: {error}");
        assert!(
            error.file().is_some_and(|file| file.ends_with("origin_rules.rs")),
            "{error}"
        );
        assert_eq!(error.line(), Some(line), "{error}");
    }
}

#[tokio::test]
async fn list_takes_every_spelling_of_an_origin_that_a_browser_can_send() {
    let list = [
        "HTTPS://Example.COM:443",
        "https://example.com",
        "http://[0:0:0:0:0:0:0:1]:3000",
        "http://127.0.0.1:80",
        "http://*.localhost:3000",
        "https://xn--kse-qla.example",
        "https://my_app.example",
    ];
    let server = Server::start(App::new().origins(Origins::list(list))).await;
    for origin in [
        "https://example.com",
        "http://[::1]:3000",
        "http://127.0.0.1",
        "http://a.localhost:3000",
        "https://xn--kse-qla.example",
        "https://my_app.example",
    ] {
        assert_eq!(status(&server, "irrelevant", origin).await, 101, "{origin}");
    }
    for origin in [
        "null",
        "file://",
        "http://localhost:3000",
        "https://user@example.com",
        "foo://example.com",
    ] {
        assert_eq!(status(&server, "irrelevant", origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn same_host_passes_no_page_without_a_valid_http_origin() {
    let server = Server::start(App::new()).await;
    for (host, origin) in [
        ("host", "foo://host"),
        ("host", "ws://host"),
        ("host", "file://host"),
        ("host", "file://"),
        ("host", "null"),
        ("host", "http://user@host"),
        ("host", "http://user:secret@host"),
        ("host", "http://host:65616"),
        ("host", "http://host:0"),
        ("host", "http://host:"),
        ("host", "http://host:+80"),
        ("host", "http://host/"),
        ("host", "http://host?x"),
        ("host", "http://host#x"),
        ("host", "http://host\\x"),
        ("host", "http://host http://host"),
        ("host", "http://"),
        ("host", "http://host%00"),
    ] {
        assert_eq!(status(&server, host, origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn null_and_file_are_allowed_by_an_explicit_call_only() {
    let list = || Origins::list(["https://example.com"]);
    for (origins, null, file) in [
        (Origins::same_host(), 403, 403),
        (Origins::same_host().allow_null(), 101, 403),
        (Origins::same_host().allow_file(), 403, 101),
        (list().allow_null(), 101, 403),
        (list().allow_null().allow_file(), 101, 101),
        (Origins::any(), 101, 101),
    ] {
        let server = Server::start(App::new().origins(origins)).await;
        assert_eq!(status(&server, "localhost", "null").await, null);
        assert_eq!(status(&server, "localhost", "file://").await, file);
    }
}
