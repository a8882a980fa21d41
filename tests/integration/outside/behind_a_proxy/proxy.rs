//! Proxies that run as children, and visits through them.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use futures_util::{SinkExt, StreamExt};
use robyn_ws::axum::http::{HeaderName, HeaderValue};
use robyn_ws_tests::{Pipe, program, within};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    process::{Child, Command},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest},
};

/// The address of the clients, which is another one than that of the proxies.
pub(super) const CLIENT: &str = "127.0.0.2";

/// A proxy that runs until it is dropped.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

/// An open connection, or the status that refuses it, with the answer to a message, and the address that the app sees.
pub(super) type Visited = Result<(String, String), u16>;

impl Proxy {
    /// Starts a program with the file that `configure` makes for its address and its folder. Another program may take the free
    /// port before it does, so it is tried again with another port.
    async fn start(name: &str, arguments: &[&str], configure: impl Fn(SocketAddr, &Path) -> String) -> Option<Self> {
        let program = program(name)?;
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            let address = listener.local_addr().expect("the listener has an address");
            drop(listener);
            let folder = folder_for(&format!("{name}-{}", address.port()));
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

    /// Starts nginx with a `server`, in which `ADDRESS` stands for its address.
    pub(super) async fn nginx_server(server: &str) -> Option<Self> {
        let configure = |address: SocketAddr, folder: &Path| {
            let folder = folder.display();
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
                .concat();
            let server = server.replace("ADDRESS", &address.to_string());
            format!(
                "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n\
                 http {{\naccess_log off;\n{temporary}{server}\n}}\n"
            )
        };
        Self::start("nginx", &["-e", "stderr", "-c"], configure).await
    }

    /// Starts nginx with a `location` of its own.
    pub(super) async fn nginx(location: &str) -> Option<Self> {
        Self::nginx_server(&format!("server {{\nlisten ADDRESS;\n{location}\n}}")).await
    }

    /// Starts HAProxy with a block of the page, which binds port 80.
    pub(super) async fn haproxy(block: &str) -> Option<Self> {
        let configure = |address, _: &Path| replace(block, "bind :80", &format!("bind {address}"));
        Self::start("haproxy", &["-db", "-f"], configure).await
    }

    /// Starts Caddy with a block of the page, which is for `example.com`.
    pub(super) async fn caddy(block: &str) -> Option<Self> {
        let configure = |address, _: &Path| {
            let site = replace(block, "example.com", &format!("http://{address}"));
            format!("{{\n\tadmin off\n}}\n{site}")
        };
        Self::start("caddy", &["run", "--adapter", "caddyfile", "--config"], configure).await
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

    /// Opens a TCP connection, from [`CLIENT`].
    async fn dial(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        let own: SocketAddr = (CLIENT.parse::<std::net::IpAddr>().expect("an address"), 0).into();
        socket.bind(own).expect("all of 127.0.0.0/8 is local");
        socket.connect(self.address).await.expect("the proxy listens")
    }

    /// Visits `path` with these headers.
    pub(super) async fn visit(&self, path: &str, headers: &[(&str, &str)]) -> Visited {
        let url = format!("ws://{}{path}", self.address);
        within("a visit", async { visit_over(self.dial().await, &url, headers).await }).await
    }

    /// Visits as a page of `origin`. Returns the status of the refusal.
    pub(super) async fn visit_from(&self, path: &str, origin: &str) -> Result<(), u16> {
        self.visit(path, &[("origin", origin)]).await.map(drop)
    }

    /// Checks that pages of the proxy's own host get through, and others do not.
    pub(super) async fn expect_same_host(&self, path: &str) {
        let own = format!("http://{}", self.address);
        assert_eq!(self.visit_from(path, &own).await, Ok(()));
        for other in ["http://evil.example", "http://127.0.0.1", &own.replace("http", "https")] {
            assert_eq!(self.visit_from(path, other).await, Err(403), "{other}");
        }
    }

    /// Checks that the app sees the client's own address, whatever the client says.
    pub(super) async fn expect_true_address(&self, path: &str) {
        for spoofed in [
            &[][..],
            &[("x-forwarded-for", "203.0.113.9")],
            &[("forwarded", "for=203.0.113.9;host=evil.example;proto=https")],
            &[
                ("x-forwarded-for", "203.0.113.9, 127.0.0.1"),
                ("forwarded", "for=\"203.0.113.9"),
                ("x-forwarded-for", "unknown, ::1"),
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-proto", "https"),
            ],
        ] {
            let own = format!("http://{}", self.address);
            let headers = [spoofed, &[("origin", &own)]].concat();
            let (address, answer) = self.visit(path, &headers).await.expect("the upgrade");
            assert_eq!((&*address, &*answer), (CLIENT, "THROUGH THE PROXY"), "{spoofed:?}");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.start_kill(); // It may have ended.
        let _ = fs::remove_dir_all(&self.folder); // It is in `target`.
    }
}

/// Returns a new folder.
pub(super) fn folder_for(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder for tests");
    folder
}

/// Replaces the words that are different on every machine.
pub(super) fn replace(block: &str, what: &str, by: &str) -> String {
    assert!(block.contains(what), "no `{what}` in {block}");
    block.replace(what, by)
}

/// Upgrades an open connection, and sends a message.
pub(super) async fn visit_over(stream: impl Pipe, url: &str, headers: &[(&str, &str)]) -> Visited {
    let mut request = url.into_client_request().expect("a URL");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a name");
        request
            .headers_mut()
            .append(name, HeaderValue::from_str(value).expect("a value"));
    }
    let mut socket = match client_async(request, stream).await {
        Ok((socket, _)) => socket,
        Err(tungstenite::Error::Http(response)) => return Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    };
    socket.send("through the proxy".into()).await.expect("it is open");
    let mut texts = Vec::new();
    while texts.len() < 2 {
        let text = socket.next().await.expect("an answer").expect("it is open");
        texts.push(text.into_text().expect("a text").to_string());
    }
    let answer = texts.pop().unwrap_or_default();
    Ok((texts.pop().unwrap_or_default(), answer))
}
