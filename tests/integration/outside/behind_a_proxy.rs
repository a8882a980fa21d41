//! The settings on the documentation's page "behind a proxy", each with the proxy that it is for.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use futures_util::{SinkExt, StreamExt};
use robyn_ws::{axum::http::HeaderValue, prelude::*};
use robyn_ws_tests::{Server, program, within};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest},
};

const PAGE: &str = include_str!("../../../robyn-ws/src/docs/behind_a_proxy.md");
/// Where the page has the app, and its endpoint.
const APP: &str = "127.0.0.1:8080";
const ENDPOINT: &str = "/chat";

/// The endpoint here.
const PATH: &str = "/behind_a_proxy";
static PROXIED: SubRouter = SubRouter::new(PATH);

#[websocket("/", on = "message", router = PROXIED)]
fn shout(msg: String) -> String {
    msg.to_uppercase()
}

fn app() -> App {
    App::new().include_router(&PROXIED)
}

/// Returns the page's block in the language of a proxy, for `server`.
fn block(language: &str, server: &Server) -> String {
    let fence = format!("```{language}\n");
    let (_, rest) = PAGE.split_once(&fence).expect("the page has the block");
    let (block, _) = rest.split_once("```").expect("the block ends");
    assert!(!rest.contains(&fence), "one block of {language}");
    let block = replace(block, ENDPOINT, PATH);
    replace(&block, APP, &server.address().to_string())
}

/// Replaces what is different on every machine, and has to be there.
fn replace(block: &str, what: &str, by: &str) -> String {
    assert!(block.contains(what), "no `{what}` in {block}");
    block.replace(what, by)
}

/// A proxy that runs until it is dropped.
struct Proxy {
    address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Proxy {
    /// Starts a program with the file that `configure` makes for its address and its folder. Another program may take the free
    /// port before it does, so it is tried again with another port.
    async fn start(name: &str, arguments: &[&str], configure: impl Fn(SocketAddr, &Path) -> String) -> Option<Self> {
        let program = program(name)?;
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            let address = listener.local_addr().expect("the listener has an address");
            drop(listener);
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", address.port()));
            fs::create_dir_all(&folder).expect("a folder for tests");
            let file = folder.join("config");
            fs::write(&file, configure(address, &folder)).expect("a file");
            let child = Command::new(&program)
                .args(arguments)
                .arg(&file)
                .env("HOME", &folder)
                .env("XDG_CONFIG_HOME", &folder)
                .env("XDG_DATA_HOME", &folder)
                .stdout(Stdio::null())
                .stderr(fs::File::create(folder.join("stderr")).expect("a file"))
                .kill_on_drop(true)
                .spawn()
                .expect("the program starts");
            let mut proxy = Self { address, child, folder };
            if within(name, proxy.listens()).await {
                return Some(proxy);
            }
        }
        panic!("{name} does not start five times over");
    }

    /// Waits until the proxy listens. Returns `false` if it has ended instead.
    async fn listens(&mut self) -> bool {
        while TcpStream::connect(self.address).await.is_err() {
            if self.child.try_wait().expect("a child").is_some() {
                let why = fs::read_to_string(self.folder.join("stderr")).unwrap_or_default();
                eprintln!("{why}");
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    }

    /// Sends a message as a page of `origin`, or returns the status of the refusal.
    async fn visit(&self, origin: &str) -> Result<String, u16> {
        let mut request = format!("ws://{}{PATH}", self.address)
            .into_client_request()
            .expect("a URL");
        let origin = HeaderValue::from_str(origin).expect("an origin");
        request.headers_mut().insert("origin", origin);
        let visit = async {
            let stream = TcpStream::connect(self.address).await.expect("the proxy listens");
            let mut socket = match client_async(request, stream).await {
                Ok((socket, _)) => socket,
                Err(tungstenite::Error::Http(response)) => return Err(response.status().as_u16()),
                Err(error) => panic!("{error}"),
            };
            socket.send("through the proxy".into()).await.expect("it is open");
            let answer = socket.next().await.expect("an answer").expect("it is open");
            Ok(answer.into_text().expect("a text").to_string())
        };
        within("a visit", visit).await
    }

    /// Checks that pages of the proxy's own host get through, and others do not.
    async fn expect_same_host(&self) {
        let own = format!("http://{}", self.address);
        assert_eq!(self.visit(&own).await.as_deref(), Ok("THROUGH THE PROXY"));
        assert_eq!(self.visit("http://evil.example").await, Err(403));
        assert_eq!(self.visit("http://127.0.0.1").await, Err(403), "the port is compared");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.start_kill(); // it may have ended
        let _ = fs::remove_dir_all(&self.folder); // it is in `target`
    }
}

/// Starts nginx with a `location` of its own.
async fn nginx(location: &str) -> Option<Proxy> {
    let configure = |address, folder: &Path| {
        let folder = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
            .concat();
        format!(
            "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}server {{\nlisten {address};\n{location}\n}}\n}}\n"
        )
    };
    Proxy::start("nginx", &["-e", "stderr", "-c"], configure).await
}

#[tokio::test]
async fn block_for_nginx_lets_pages_of_the_same_host_through() {
    let server = Server::start(app()).await;
    let location = block("nginx", &server);
    if let Some(proxy) = nginx(&location).await {
        proxy.expect_same_host().await;
    }
}

#[tokio::test]
async fn proxy_that_does_not_pass_on_the_host_needs_a_list() {
    let same_host = Server::start(app()).await;
    let origin = "https://example.com";
    let list = Server::start(app().origins(Origins::list([origin]))).await;
    let location = |server: &Server| {
        let location = block("nginx", server);
        replace(&location, "proxy_set_header Host $http_host;", "")
    };
    if let Some(proxy) = nginx(&location(&same_host)).await {
        let own = format!("http://{}", proxy.address);
        assert_eq!(proxy.visit(&own).await, Err(403));
    }
    if let Some(proxy) = nginx(&location(&list)).await {
        assert_eq!(proxy.visit(origin).await.as_deref(), Ok("THROUGH THE PROXY"));
        assert_eq!(proxy.visit("https://evil.example").await, Err(403));
    }
}

#[tokio::test]
async fn block_for_haproxy_lets_pages_of_the_same_host_through() {
    let server = Server::start(app()).await;
    let block = block("haproxy", &server);
    let configure = |address: SocketAddr, _: &Path| replace(&block, "bind :80", &format!("bind {address}"));
    if let Some(proxy) = Proxy::start("haproxy", &["-db", "-f"], configure).await {
        proxy.expect_same_host().await;
    }
}

#[tokio::test]
async fn block_for_caddy_lets_pages_of_the_same_host_through() {
    let server = Server::start(app()).await;
    let block = block("caddy", &server);
    let configure = |address: SocketAddr, _: &Path| {
        let site = replace(&block, "example.com", &format!("http://{address}"));
        format!("{{\n\tadmin off\n}}\n{site}")
    };
    if let Some(proxy) = Proxy::start("caddy", &["run", "--adapter", "caddyfile", "--config"], configure).await {
        proxy.expect_same_host().await;
    }
}

/// The development servers come from npm; what they pass on is on the page.
#[test]
fn page_has_no_block_for_a_proxy_that_no_test_runs() {
    let languages: Vec<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("```")).collect();
    let opening: Vec<&str> = languages.into_iter().step_by(2).collect();
    assert_eq!(
        opening,
        ["text", "nginx", "haproxy", "caddy", "js", "js", "rust", "rust"]
    );
}
