//! What a proxy says about its client, and whose word counts.

use std::{net::SocketAddr, sync::LazyLock};

use proptest::{
    collection::vec, prelude::any, prop_assert_eq, prop_oneof, proptest, strategy::Strategy, test_runner::Config,
};
use robyn_ws::{
    BuildError, BuildErrors,
    axum::{Router, body::Body, http::Request as HttpRequest, middleware::map_request, routing::get},
    prelude::*,
    test_util::{Refused, TestApp, TestSocket},
};
use robyn_ws_tests::{Request, Server};
use tokio::runtime::{Builder, Runtime};

static TRUSTED: SubRouter = SubRouter::new("/trusted");

const CLIENT: &str = "192.0.2.7:0";

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct SeenBefore(SocketAddr);

#[websocket("/who", on = "upgrade", router = TRUSTED)]
fn before(info: ConnectInfo<SocketAddr>) -> SeenBefore {
    SeenBefore(info.0)
}

/// Tells who the client is, in each way in which a handler can know it.
#[websocket("/who", on = "connect", router = TRUSTED)]
fn who(ws: &WebSocketConnector, info: ConnectInfo<SocketAddr>, before: &SeenBefore) -> String {
    let peer = ws.peer_addr().expect("it is known");
    assert_eq!((info.0, before.0), (peer, peer));
    peer.to_string()
}

async fn who_asks(info: ConnectInfo<SocketAddr>) -> String {
    info.0.to_string()
}

fn app() -> App {
    App::new()
        .include_router(&TRUSTED)
        .trusted_proxies(["10.0.0.0/8", "2001:db8:ffff::/48"])
        .http(Router::new().route("/who_asks", get(who_asks)))
}

/// Connects over a peer with these headers.
async fn connect(app: &TestApp, peer: &str, headers: &[(&str, &str)]) -> Result<TestSocket, Refused> {
    let mut request = app.request("/trusted/who").peer_addr(peer.parse().expect("an address"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.connect().await
}

async fn expect_client(app: &TestApp, peer: &str, headers: &[(&str, &str)], expected: &str) {
    let mut client = connect(app, peer, headers).await.expect("the upgrade");
    assert_eq!(client.receive_text().await, expected, "{headers:?}");
}

#[tokio::test]
async fn client_that_a_trusted_proxy_names_is_the_peer_everywhere() {
    let app = TestApp::new(app());
    for peer in ["10.1.2.3:9", "[::ffff:10.1.2.3]:9", "[2001:db8:ffff::1]:9"] {
        expect_client(
            &app,
            peer,
            &[("x-forwarded-for", "203.0.113.9, 192.0.2.7, 10.0.0.2")],
            CLIENT,
        )
        .await;
        expect_client(
            &app,
            peer,
            &[("forwarded", "for=203.0.113.9, for=\"192.0.2.7:80\"")],
            "192.0.2.7:80",
        )
        .await;
        let ipv6 = [("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;by=_me")];
        expect_client(&app, peer, &ipv6, "[2001:db8::1]:4711").await;
    }
}

#[tokio::test]
async fn untrusted_peer_is_the_client_whatever_it_says() {
    let app = TestApp::new(app());
    for peer in ["11.0.0.1:9", "[2001:db8:fffe::1]:9"] {
        let headers = [
            ("x-forwarded-for", "192.0.2.7"),
            ("forwarded", "for=192.0.2.7;host=evil.example"),
        ];
        expect_client(&app, peer, &headers, peer).await;
    }
    let nobody = TestApp::new(App::new().include_router(&TRUSTED));
    expect_client(&nobody, "10.1.2.3:9", &[("x-forwarded-for", "192.0.2.7")], "10.1.2.3:9").await;
}

#[tokio::test]
async fn http_routes_know_the_client_that_a_trusted_proxy_names() {
    let app = TestApp::new(app());
    for (peer, expected) in [("10.1.2.3:9", CLIENT), ("11.1.2.3:9", "11.1.2.3:9")] {
        let peer: SocketAddr = peer.parse().expect("an address");
        let request = HttpRequest::get("/who_asks")
            .header("x-forwarded-for", "192.0.2.7")
            .extension(ConnectInfo(peer))
            .body(Body::empty())
            .expect("a request");
        assert_eq!(app.http(request).await.text(), expected);
    }
}

#[tokio::test]
async fn connections_per_address_are_those_of_the_named_client() {
    let limits = Limits::default().max_connections_per_ip(1);
    let app = TestApp::new(app().limits(limits));
    let mut connected = Vec::new();
    for (headers, expected) in [
        ([("x-forwarded-for", "192.0.2.7")], true),
        ([("x-forwarded-for", "192.0.2.8")], true),
        ([("x-forwarded-for", "1.2.3.4, 192.0.2.7")], false),
        ([("forwarded", "for=\"[::ffff:192.0.2.7]\"")], false),
        ([("forwarded", "for=\"[2001:db8:1:2::1]\"")], true),
        ([("x-forwarded-for", "2001:db8:1:2:ffff::2")], false),
        ([("x-forwarded-for", "2001:db8:1:3::1")], true),
    ] {
        let client = connect(&app, "10.0.0.1:1", &headers).await;
        let status = client.as_ref().map_err(|refused| refused.status).err();
        assert_eq!(
            status,
            (!expected).then_some(StatusCode::TOO_MANY_REQUESTS),
            "{headers:?}"
        );
        connected.extend(client);
    }
}

#[tokio::test]
async fn proxy_itself_counts_where_it_names_nobody_or_headers_contradict() {
    let app = TestApp::new(app());
    let proxy = "10.0.0.1:1";
    for headers in [
        &[][..],
        &[("x-forwarded-for", "unknown")],
        &[("forwarded", "for=_hidden")],
        &[("forwarded", "for=\"192.0.2.7")],
        &[("forwarded", "for=192.0.2.7"), ("x-forwarded-for", "192.0.2.8")],
    ] {
        expect_client(&app, proxy, headers, proxy).await;
    }
    let both = [("forwarded", "for=192.0.2.7"), ("x-forwarded-for", "192.0.2.7")];
    expect_client(&app, proxy, &both, CLIENT).await;
}

#[tokio::test]
async fn origin_is_compared_with_the_host_and_scheme_that_a_trusted_proxy_names() {
    let app = TestApp::new(app());
    let named = [("x-forwarded-host", "example.com"), ("x-forwarded-proto", "https")];
    let standard = [("forwarded", "for=192.0.2.7;host=example.com;proto=https")];
    for (peer, headers, origin, expected) in [
        ("10.0.0.1:1", &named[..], "https://example.com", true),
        ("10.0.0.1:1", &standard[..], "https://example.com", true),
        ("10.0.0.1:1", &standard[..], "https://example.com:443", true),
        ("10.0.0.1:1", &standard[..], "http://example.com", false),
        ("10.0.0.1:1", &standard[..], "http://test", false),
        ("10.0.0.1:1", &standard[..], "https://evil.example", false),
        // Without a scheme, that of the page counts.
        ("10.0.0.1:1", &named[..1], "http://example.com", true),
        // Without a host, the one of the request counts.
        ("10.0.0.1:1", &named[1..], "https://test", true),
        ("10.0.0.1:1", &named[1..], "http://test", false),
        ("11.0.0.1:1", &standard[..], "https://example.com", false),
        ("11.0.0.1:1", &standard[..], "http://test", true),
    ] {
        let headers = [headers, &[("origin", origin)]].concat();
        let client = connect(&app, peer, &headers).await;
        let status = client.map_err(|refused| refused.status).err();
        assert_eq!(
            status,
            (!expected).then_some(StatusCode::FORBIDDEN),
            "{peer}: {headers:?}"
        );
    }
}

#[tokio::test]
async fn invalid_host_of_a_proxy_is_a_400_that_quotes_it() {
    let app = TestApp::new(app());
    let refused = connect(&app, "10.0.0.1:1", &[("x-forwarded-host", "a b")]).await;
    let refused = refused.expect_err("it is not a host");
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("the proxy says that the host is `a b`"),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn trusted_proxies_work_with_a_server_of_your_own() {
    let server = Server::start(app().trusted_proxies(["127.0.0.1"])).await;
    let request = Request::upgrade("/trusted/who").header("x-forwarded-for", "192.0.2.7");
    request.connect(&server).await.expect_text(CLIENT).await;
}

#[cfg(unix)]
#[tokio::test]
async fn own_server_says_by_connect_info_that_its_clients_come_by_a_unix_socket() {
    let address = std::os::unix::net::SocketAddr::from_pathname("/run/app.socket").expect("a path");
    let address: tokio::net::unix::SocketAddr = address.into();
    let app = App::new().include_router(&TRUSTED).trusted_proxies(["unix"]);
    let router: Router = app.router().expect("the app is built");
    let server = Server::start_with(App::new(), |_own| {
        // As if nobody had told the router of TCP.
        let no_tcp = |mut request: HttpRequest<Body>| {
            request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
            async { request }
        };
        router.layer(Extension(ConnectInfo(address))).layer(map_request(no_tcp))
    })
    .await;
    let request = Request::upgrade("/trusted/who").header("x-forwarded-for", "192.0.2.7");
    request.connect(&server).await.expect_text(CLIENT).await;
}

// ---- mistakes -----------------------------------------------------------------------------------------------------------

fn errors(app: App) -> BuildErrors {
    app.build().expect_err("there is a mistake")
}

#[test]
fn mistaken_proxies_are_build_errors_at_the_line_of_the_call() {
    let app = App::new().include_router(&TRUSTED);
    let line = line!() + 1;
    let errors = errors(app.trusted_proxies(["10.0.0.0/8", "proxy.internal", "10.0.0.1/8", "0.0.0.0/0"]));
    let messages: Vec<_> = errors.iter().map(BuildError::message).collect();
    assert_eq!(
        messages,
        [
            "`0.0.0.0/0` in `App::trusted_proxies` cannot be a proxy: it contains every address, so every client could claim to be any other",
            "`10.0.0.1/8` in `App::trusted_proxies` cannot be a proxy: its address has bits behind the first 8: write `10.0.0.0/8`, or `10.0.0.1` for this one",
            "`proxy.internal` in `App::trusted_proxies` cannot be a proxy: write `10.1.2.3` or `2001:db8::1` for an address, `10.0.0.0/8` for a network; names are not resolved",
        ]
    );
    for error in &errors {
        assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)));
    }
}

#[test]
fn proxy_protocol_that_nobody_may_use_or_reads_is_a_build_error() {
    let app = || App::new().include_router(&TRUSTED);
    let line = line!() + 1;
    let errors = errors(app().proxy_protocol());
    let messages: Vec<_> = errors.iter().map(BuildError::message).collect();
    assert!(
        messages[0].contains("name the proxies by `App::trusted_proxies`"),
        "{errors}"
    );
    assert!(
        messages[1].contains("only `App::serve` and `App::serve_on` read the PROXY protocol"),
        "{errors}"
    );
    assert!(
        errors
            .iter()
            .all(|error| (error.file(), error.line()) == (Some(file!()), Some(line)))
    );
    let router = app().trusted_proxies(["::1"]).proxy_protocol().router::<()>();
    assert_eq!(router.expect_err("nobody reads it").len(), 1);
}

#[tokio::test]
async fn app_with_the_proxy_protocol_can_be_tested_in_memory() {
    let app = TestApp::new(app().proxy_protocol());
    expect_client(&app, "10.0.0.1:1", &[("x-forwarded-for", "192.0.2.7")], CLIENT).await;
}

// ---- hostile headers ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn hostile_headers_get_an_answer_and_no_panic() {
    let app = TestApp::new(app());
    let thousand = vec!["for=10.0.0.2"; 1000].join(", ");
    expect_client(&app, "10.0.0.1:1", &[("forwarded", &thousand)], "10.0.0.2:0").await;
    let spoofed = format!("{}192.0.2.7", "203.0.113.9, ".repeat(3000));
    expect_client(&app, "10.0.0.1:1", &[("x-forwarded-for", &spoofed)], CLIENT).await;
    let long = format!("for=\"{}", "\\\"".repeat(31 * 1024));
    expect_client(&app, "10.0.0.1:1", &[("forwarded", &long)], "10.0.0.1:1").await;
    let too_long = ",".repeat(65 * 1024);
    let refused = connect(&app, "10.0.0.1:1", &[("x-forwarded-for", &too_long)]).await;
    let status = refused.map_err(|refused| refused.status).err();
    assert_eq!(status, Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
}

/// Pieces of headers, valid and not.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(
            any::<u8>().prop_filter("a header value", |byte| *byte >= b' ' && *byte != 127),
            0..4
        ),
        proptest::sample::select(vec![
            "for=",
            "host=",
            "proto=",
            ",",
            ", ",
            ";",
            "\"",
            "\\",
            "[",
            "]",
            ":",
            "unknown",
            "_x",
            "192.0.2.1",
            "10.0.0.2",
            "2001:db8::1",
            "4711",
            "a.example",
            "https",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));
static APP: LazyLock<TestApp> = LazyLock::new(|| TestApp::new(app()));

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1024) })]

    /// The spoofed part stands in a line of its own, or in front of what the proxy appends; there, an open quote spoils the line.
    #[test]
    fn client_cannot_choose_the_address_in_front_of_an_honest_proxy(
        spoofed in header(), more in header(), is_standard in any::<bool>(), in_line in any::<bool>()
    ) {
        let (name, own) = if is_standard { ("forwarded", "for=192.0.2.7") } else { ("x-forwarded-for", "192.0.2.7") };
        let mut request = HttpRequest::get("/who_asks").header(name, &more[..]);
        if in_line {
            request = request.header(name, [&spoofed[..], b", ", own.as_bytes()].concat());
        } else {
            request = request.header(name, &spoofed[..]).header(name, own);
        }
        let proxy: SocketAddr = "10.0.0.1:1".parse().expect("an address");
        let request = request.extension(ConnectInfo(proxy)).body(Body::empty()).expect("a request");
        let answer = RUNTIME.block_on(APP.http(request));
        let is_spoiled = in_line && is_standard && has_open_quote(&spoofed);
        let expected = if is_spoiled { "10.0.0.1:1" } else { CLIENT };
        prop_assert_eq!(answer.text(), expected);
    }
}

fn has_open_quote(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    let mut is_open = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_open = !is_open,
            b'\\' if is_open => drop(bytes.next()),
            _ => {}
        }
    }
    is_open
}
