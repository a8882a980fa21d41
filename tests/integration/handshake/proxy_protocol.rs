//! The PROXY protocol in front of HTTP, under `App::serve_on`.

use std::net::SocketAddr;

use robyn_ws::{axum::serve::Listener, prelude::*};
use robyn_ws_tests::{Client, PATIENCE, Pipe, Request, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

static INTRODUCED: SubRouter = SubRouter::new("/introduced");

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[websocket("/", on = "connect", router = INTRODUCED)]
fn who(ws: &WebSocketConnector) -> String {
    ws.peer_addr()
        .map_or_else(|| "nobody".to_owned(), |peer| peer.to_string())
}

#[websocket("/", on = "message", router = INTRODUCED)]
fn echo(msg: &str) -> &str {
    msg
}

/// An app that is served until it is dropped. All clients come from 127.0.0.1.
struct Served {
    address: SocketAddr,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    async fn start(trusted: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        Self {
            address,
            task: serve(listener, trusted),
        }
    }

    /// Connects, and sends these bytes.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = within("a connection", TcpStream::connect(self.address))
            .await
            .expect("it listens");
        stream.write_all(bytes).await.expect("the server reads");
        stream
    }

    async fn connect(&self, header: &[u8], request: &Request) -> Client {
        request.connect_over(Box::new(self.send(header).await)).await
    }

    /// Checks the client's address behind a header, and that the bytes behind it are those of HTTP.
    async fn expect_client(&self, header: &[u8], request: &Request, expected: Option<&str>) {
        let mut client = self.connect(header, request).await;
        let text = client.next().await.into_text().expect("a text");
        match expected {
            Some(expected) => assert_eq!(text.as_str(), expected, "{}", header.escape_ascii()),
            None => assert!(text.starts_with("127.0.0.1:"), "{}: {text}", header.escape_ascii()),
        }
        client.ask("still works", "still works").await;
    }

    async fn expect_dropped(&self, bytes: &[u8]) {
        let mut stream = self.send(bytes).await;
        let mut answer = Vec::new();
        // Unread bytes turn the end into a reset.
        let _end = within("the end", stream.read_to_end(&mut answer)).await;
        assert_eq!(answer.escape_ascii().to_string(), "", "{}", bytes.escape_ascii());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn serve(listener: impl Listener, trusted: &[&str]) -> JoinHandle<Result<(), ServeError>> {
    let app = App::new().only(["/introduced"]).include_router(&INTRODUCED);
    tokio::spawn(
        app.trusted_proxies(trusted.iter().copied())
            .proxy_protocol()
            .serve_on(listener),
    )
}

fn request() -> Request {
    Request::upgrade("/introduced")
}

fn named(headers: &[(&str, &str)]) -> Request {
    headers
        .iter()
        .fold(request(), |request, (name, value)| request.header(name, value))
}

fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("it is short").to_be_bytes();
    [SIGNATURE, &[command, family], &length, rest].concat()
}

const V4: [u8; 12] = [192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x34, 0, 80];
const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 127.0.0.1 4660 80\r\n";

#[tokio::test]
async fn header_of_a_trusted_proxy_names_the_client_in_both_versions() {
    let served = Served::start(&["127.0.0.1"]).await;
    let with_values = [&V4[..], &[4, 0, 1, 0, 0xea, 0, 2, 1, 2]].concat();
    for header in [LINE, &binary(0x21, 0x11, &V4), &binary(0x21, 0x11, &with_values)] {
        served.expect_client(header, &request(), Some("192.0.2.7:4660")).await;
    }
    let ipv6 = b"PROXY TCP6 2001:db8::7 ::1 9 80\r\n";
    served.expect_client(ipv6, &request(), Some("[2001:db8::7]:9")).await;
}

#[tokio::test]
async fn headers_of_a_named_client_do_not_count_unless_it_is_trusted() {
    let served = Served::start(&["127.0.0.1", "10.0.0.0/8"]).await;
    let spoofed = named(&[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")]);
    served.expect_client(LINE, &spoofed, Some("192.0.2.7:4660")).await;
    let of_another_proxy = b"PROXY TCP4 10.0.0.5 127.0.0.1 4660 80\r\n";
    served
        .expect_client(of_another_proxy, &spoofed, Some("203.0.113.9:0"))
        .await;
    served
        .expect_client(of_another_proxy, &request(), Some("10.0.0.5:4660"))
        .await;
}

#[tokio::test]
async fn client_without_a_name_has_the_address_of_the_proxy_and_its_headers_do_not_count() {
    let served = Served::start(&["127.0.0.1"]).await;
    let spoofed = named(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "evil.example")]);
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN ::1 ::1 1 2\r\n".to_vec(),
        binary(0x21, 0x00, &[]),
        binary(0x21, 0x31, &[0; 216]),
        binary(0x20, 0x00, &[]),
        binary(0x20, 0x11, &V4),
    ] {
        served.expect_client(&header, &request(), None).await;
        served.expect_client(&header, &spoofed, None).await;
    }
}

#[tokio::test]
async fn connection_of_a_trusted_proxy_without_a_valid_header_is_dropped() {
    let served = Served::start(&["127.0.0.1"]).await;
    let too_long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200], b"\r\n"].concat();
    for header in [
        &b""[..],
        b"PROXY TCP4 192.0.2.7 127.0.0.1 4660\r\n",
        b"PROXY UDP4 192.0.2.7 127.0.0.1 4660 80\r\n",
        &too_long,
        &binary(0x21, 0x12, &V4),
        &binary(0x21, 0x11, &V4[1..]),
        &binary(0x31, 0x11, &V4),
        &binary(0x21, 0x00, &vec![0; 17 * 1024]),
    ] {
        served.expect_dropped(&[header, &request().to_bytes()].concat()).await;
    }
}

#[tokio::test]
async fn silent_proxy_is_dropped_in_time_and_keeps_nobody_waiting() {
    let served = Served::start(&["127.0.0.1"]).await;
    let mut silent = Vec::new();
    for bytes in [&b""[..], b"PROXY TCP4 192", SIGNATURE, &binary(0x21, 0x11, &V4)[..20]] {
        silent.push(served.send(bytes).await);
    }
    served.expect_client(LINE, &request(), Some("192.0.2.7:4660")).await;
    for mut stream in silent {
        let mut answer = Vec::new();
        let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert_eq!((end.expect("the end").ok(), answer.len()), (Some(0), 0));
    }
}

#[tokio::test]
async fn untrusted_client_speaks_http_and_cannot_name_another() {
    let served = Served::start(&["192.0.2.1"]).await;
    served
        .expect_client(b"", &named(&[("x-forwarded-for", "203.0.113.9")]), None)
        .await;
    let mut stream = served.send(&[LINE, &request().to_bytes()].concat()).await;
    let mut answer = vec![0; 12];
    within("an answer", stream.read_exact(&mut answer))
        .await
        .expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 400");
}

#[cfg(unix)]
#[tokio::test]
async fn proxy_on_a_unix_socket_names_clients_where_it_is_trusted() {
    use tokio::net::{UnixListener, UnixStream};

    for (trusted, header, headers, expected) in [
        ("unix", LINE, &[][..], "192.0.2.7:4660"),
        ("unix", LINE, &[("x-forwarded-for", "203.0.113.9")], "192.0.2.7:4660"),
        (
            "unix",
            b"PROXY UNKNOWN\r\n",
            &[("x-forwarded-for", "203.0.113.9")],
            "nobody",
        ),
        ("192.0.2.1", b"", &[("x-forwarded-for", "203.0.113.9")], "nobody"),
    ] {
        let path = std::env::temp_dir().join(format!("robyn-ws-proxy-{}.socket", std::process::id()));
        let serving = serve(UnixListener::bind(&path).expect("a new socket"), &[trusted]);
        let mut stream = UnixStream::connect(&path).await.expect("it listens");
        std::fs::remove_file(&path).expect("the socket is still there");
        stream.write_all(header).await.expect("the server reads");
        let stream: Box<dyn Pipe> = Box::new(stream);
        named(headers).connect_over(stream).await.expect_text(expected).await;
        serving.abort();
    }
}
