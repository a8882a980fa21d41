//! The settings on the documentation's page "behind a proxy", each with the proxy that it is for.

mod proxy;
mod tls;

use std::net::SocketAddr;

use robyn_ws::{
    axum::{Router, routing::get, serve::Listener},
    prelude::*,
};
use robyn_ws_tests::{Server, within};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use proxy::{CLIENT, Proxy, replace};

const PAGE: &str = include_str!("../../../../robyn-ws/src/docs/behind_a_proxy.md");
/// Where the page has the app, and its endpoint.
const APP: &str = "127.0.0.1:8080";
const ENDPOINT: &str = "/chat";

/// The endpoint here.
const PATH: &str = "/behind_a_proxy";
static PROXIED: SubRouter = SubRouter::new("/behind_a_proxy");
static PREFIXED: SubRouter = SubRouter::new("/api");

/// Tells the address of the client.
#[websocket("/", on = "connect", router = PROXIED)]
fn who(ws: &WebSocketConnector) -> String {
    ws.peer_addr()
        .map_or_else(|| "nobody".to_owned(), |peer| peer.ip().to_string())
}

#[websocket("/", on = "message", router = PROXIED)]
fn shout(msg: String) -> String {
    msg.to_uppercase()
}

fn app() -> App {
    App::new().only([PATH]).include_router(&PROXIED)
}

/// The proxies of the tests, but not their clients.
fn trusting_app() -> App {
    app().trusted_proxies(["127.0.0.1"])
}

/// Returns the blocks of the page in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let rests = PAGE.split(&*fence).skip(1);
    rests
        .map(|rest| rest.split_once("```").expect("the block ends").0)
        .collect()
}

/// Returns a block for an app at `address`.
fn with_app(block: &str, address: SocketAddr) -> String {
    replace(&replace(block, ENDPOINT, PATH), APP, &address.to_string())
}

fn nginx_location(server: &Server) -> String {
    with_app(blocks("nginx")[0], server.address())
}

/// An app under its own server, until it is dropped.
struct Served(JoinHandle<Result<(), ServeError>>);

impl Served {
    fn start(app: App, listener: impl Listener) -> Self {
        Self(tokio::spawn(app.serve_on(listener)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[tokio::test]
async fn block_for_nginx_lets_pages_of_the_same_host_through_and_names_the_client() {
    let trusting = Server::start(trusting_app()).await;
    let other = Server::start(app()).await;
    if let Some(proxy) = Proxy::nginx(&nginx_location(&trusting)).await {
        proxy.expect_same_host(PATH).await;
        proxy.expect_true_address(PATH).await;
    }
    if let Some(proxy) = Proxy::nginx(&nginx_location(&other)).await {
        let (address, _) = proxy.visit(PATH, &[]).await.expect("the upgrade");
        assert_eq!(address, "127.0.0.1", "the proxy is not trusted");
    }
}

#[tokio::test]
async fn proxy_that_does_not_pass_on_the_host_needs_a_list() {
    let same_host = Server::start(app()).await;
    let origin = "https://example.com";
    let list = Server::start(app().origins(Origins::list([origin]))).await;
    let location = |server: &Server| replace(&nginx_location(server), "proxy_set_header Host $http_host;", "");
    if let Some(proxy) = Proxy::nginx(&location(&same_host)).await {
        let own = format!("http://{}", proxy.address);
        assert_eq!(proxy.visit_from(PATH, &own).await, Err(403));
    }
    if let Some(proxy) = Proxy::nginx(&location(&list)).await {
        assert_eq!(proxy.visit_from(PATH, origin).await, Ok(()));
        assert_eq!(proxy.visit_from(PATH, "https://evil.example").await, Err(403));
    }
}

#[tokio::test]
async fn trusted_proxy_may_name_the_host_in_a_header_of_its_own() {
    let server = Server::start(trusting_app()).await;
    let location = replace(&nginx_location(&server), "proxy_set_header Host $http_host;", "");
    if let Some(proxy) = Proxy::nginx(&location).await {
        proxy.expect_same_host(PATH).await;
    }
}

#[tokio::test]
async fn header_that_the_proxy_leaves_to_its_clients_names_nobody_else() {
    let server = Server::start(trusting_app()).await;
    let location = replace(&nginx_location(&server), "proxy_set_header Forwarded \"\";", "");
    if let Some(proxy) = Proxy::nginx(&location).await {
        let (address, _) = proxy.visit(PATH, &[]).await.expect("the upgrade");
        assert_eq!(address, CLIENT);
        let spoofed = [("forwarded", "for=203.0.113.9")];
        let (address, _) = proxy.visit(PATH, &spoofed).await.expect("the upgrade");
        assert_eq!(address, "127.0.0.1", "the headers contradict each other");
    }
}

#[tokio::test]
async fn forwarded_that_nginx_writes_names_the_client() {
    let server = Server::start(trusting_app()).await;
    let usual = nginx_location(&server)
        .lines()
        .filter(|line| !line.contains("X-Forwarded"))
        .collect::<Vec<_>>()
        .join("\n");
    for value in [
        // All of it is the proxy's, or it is appended to what the client says.
        "for=$remote_addr;proto=$scheme;host=\\\"$http_host\\\"",
        "$http_forwarded, for=\\\"$remote_addr:$remote_port\\\";proto=$scheme",
    ] {
        let own = format!("proxy_set_header Forwarded \"{value}\";");
        if let Some(proxy) = Proxy::nginx(&replace(&usual, "proxy_set_header Forwarded \"\";", &own)).await {
            for spoofed in [&[][..], &[("forwarded", "for=203.0.113.9")]] {
                let (address, _) = proxy.visit(PATH, spoofed).await.expect("the upgrade");
                assert_eq!(address, CLIENT, "{value}");
            }
        }
    }
}

#[tokio::test]
async fn prefix_of_nginx_is_kept_or_stripped() {
    let stripping = "proxy_pass http://127.0.0.1:8080/;";
    let quoted = format!("`{stripping}`");
    assert!(PAGE.contains("`location /api/`") && PAGE.contains(&quoted));
    let block = replace(blocks("nginx")[0], "location /chat", "location /api/");
    let under_the_prefix = App::new().include_router(PREFIXED.include_router(&PROXIED));
    for (app, block) in [
        (under_the_prefix, block.clone()),
        (app(), replace(&block, "proxy_pass http://127.0.0.1:8080;", stripping)),
    ] {
        let server = Server::start(app.trusted_proxies(["127.0.0.1"])).await;
        let location = replace(&block, APP, &server.address().to_string());
        if let Some(proxy) = Proxy::nginx(&location).await {
            let path = format!("/api{PATH}");
            proxy.expect_same_host(&path).await;
            proxy.expect_true_address(&path).await;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nginx_names_clients_over_a_unix_socket() {
    const UPSTREAM: &str = "proxy_pass http://unix:/run/chat.socket;";

    assert!(PAGE.contains(&format!("`{UPSTREAM}`")));
    let location = replace(blocks("nginx")[0], ENDPOINT, PATH);
    let location = replace(&location, "proxy_pass http://127.0.0.1:8080;", UPSTREAM);
    for (trusted, expected) in [("unix", CLIENT), ("127.0.0.1", "nobody")] {
        let folder = std::env::temp_dir().join(format!("robyn-ws-{}-{trusted}.socket", std::process::id()));
        let listener = tokio::net::UnixListener::bind(&folder).expect("a new socket");
        let served = Served::start(app().trusted_proxies([trusted]), listener);
        let socket = folder.to_str().expect("the path is text");
        if let Some(proxy) = Proxy::nginx(&replace(&location, "/run/chat.socket", socket)).await {
            let own = format!("http://{}", proxy.address);
            let (address, _) = proxy.visit(PATH, &[("origin", &own)]).await.expect("the upgrade");
            assert_eq!(address, expected);
        }
        drop(served);
        std::fs::remove_file(folder).expect("the socket is still there");
    }
}

#[tokio::test]
async fn block_for_haproxy_lets_pages_of_the_same_host_through_and_names_the_client() {
    let server = Server::start(trusting_app()).await;
    let block = with_app(blocks("haproxy")[0], server.address());
    if let Some(proxy) = Proxy::haproxy(&block).await {
        proxy.expect_same_host(PATH).await;
        proxy.expect_true_address(PATH).await;
    }
}

#[tokio::test]
async fn haproxy_names_the_client_by_both_versions_of_the_proxy_protocol() {
    let second = blocks("haproxy")[1];
    assert!(PAGE.contains("(`send-proxy`)"));
    for block in [second.to_owned(), replace(second, "send-proxy-v2", "send-proxy")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let _served = Served::start(trusting_app().proxy_protocol(), listener);
        if let Some(proxy) = Proxy::haproxy(&replace(&block, APP, &address)).await {
            proxy.expect_true_address(PATH).await;
            let own = format!("http://{}", proxy.address);
            assert_eq!(proxy.visit_from(PATH, &own).await, Ok(()));
            assert_eq!(proxy.visit_from(PATH, "http://evil.example").await, Err(403));
        }
    }
}

#[tokio::test]
async fn health_check_of_haproxy_has_its_own_address() {
    let (sender, mut checks) = mpsc::channel(100);
    let check = move |info: ConnectInfo<SocketAddr>| {
        let _ = sender.try_send(info.0.ip()); // Later ones may find it full.
        async {}
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let app = trusting_app()
        .proxy_protocol()
        .http(Router::new().route("/check", get(check)));
    let _served = Served::start(app, listener);
    let block = replace(
        blocks("haproxy")[1],
        "mode tcp",
        "mode tcp\n    option httpchk GET /check",
    );
    let block = replace(&block, "send-proxy-v2 check", "send-proxy-v2 check inter 100ms");
    if let Some(_proxy) = Proxy::haproxy(&replace(&block, APP, &address)).await {
        let address = within("a check", checks.recv()).await.expect("there are checks");
        assert_eq!(address.to_string(), "127.0.0.1");
    }
}

#[tokio::test]
async fn clients_of_two_proxies_in_a_row_are_named() {
    let server = Server::start(trusting_app()).await;
    if let Some(inner) = Proxy::nginx(&nginx_location(&server)).await {
        let block = with_app(blocks("haproxy")[0], inner.address);
        if let Some(outer) = Proxy::haproxy(&block).await {
            outer.expect_true_address(PATH).await;
        }
    }
}

#[tokio::test]
async fn block_for_caddy_lets_pages_of_the_same_host_through_and_names_the_client() {
    let server = Server::start(trusting_app()).await;
    let block = with_app(blocks("caddy")[0], server.address());
    if let Some(proxy) = Proxy::caddy(&block).await {
        proxy.expect_same_host(PATH).await;
        proxy.expect_true_address(PATH).await;
    }
}

/// The development servers come from npm; their settings are on the page.
#[test]
fn page_has_no_block_for_a_proxy_that_no_test_runs() {
    let languages: Vec<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("```")).collect();
    let opening: Vec<&str> = languages.into_iter().step_by(2).collect();
    assert_eq!(
        opening,
        [
            "text",
            "rust",
            "nginx",
            "nginx",
            "rust",
            "haproxy",
            "haproxy",
            "rust,no_run",
            "caddy",
            "js",
            "js",
            "rust"
        ]
    );
}
