//! The opening request of a client, as right or as wrong as a test wants it, and the answer.

use robyn_ws::axum::http::{self, HeaderName, HeaderValue};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{client::IntoClientRequest, protocol::WebSocketConfig},
};

use crate::{Client, Http2, Pipe, RawClient, Server, Transport, within};

/// The key of the example in RFC 6455 section 1.3.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What the server answers to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A request that is sent byte by byte as it stands here.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    line: String,
    target: String,
    /// Those that every upgrade needs.
    standard: Vec<(String, Vec<u8>)>,
    /// Those that the test adds.
    added: Vec<(String, Vec<u8>)>,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers; the names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A correct request to upgrade.
    pub fn upgrade(target: &str) -> Self {
        let standard = [
            ("host", "localhost"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ];
        Self {
            line: format!("GET {target} HTTP/1.1"),
            target: target.to_owned(),
            standard: standard
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .into(),
            added: Vec::new(),
        }
    }

    /// A plain GET, which asks for no upgrade.
    pub fn get(target: &str) -> Self {
        ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key"]
            .into_iter()
            .fold(Self::upgrade(target), Self::without)
    }

    /// Replaces the request line.
    pub fn line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.line);
        self
    }

    /// Adds a header, or replaces one that every upgrade has.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.standard.retain(|(standard, _)| standard != name);
        self.added.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Leaves out a header that every upgrade has.
    pub fn without(mut self, name: &str) -> Self {
        self.standard.retain(|(standard, _)| standard != name);
        self
    }

    /// Connects tungstenite's client, which checks the handshake by itself. Only the headers that were added are ours.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn connect(&self, server: &Server) -> Client {
        if server.transport() == Transport::Http2 {
            let (answer, stream) = self.ask_over_http2(server).await;
            return Client::over_http2(&answer, stream).await;
        }
        self.connect_over(server.pipe().await).await
    }

    /// Asks for a WebSocket over the connection of HTTP/2 that the clients of `server` share.
    async fn ask_over_http2(&self, server: &Server) -> (http::Response<()>, Box<dyn Pipe>) {
        let request = self
            .added
            .iter()
            .fold(Http2::connect(&self.target), |request, (name, value)| {
                request.header(name, &**value)
            });
        let answer = server.shared_http2().await.send(request).await;
        let (answer, stream) = answer.expect("an answer");
        (answer, Box::new(stream))
    }

    /// Whether this is an upgrade that can be asked for over HTTP/2 as well.
    fn is_upgrade(&self) -> bool {
        self.standard.len() == 5 && self.line == format!("GET {} HTTP/1.1", self.target)
    }

    /// As [`Self::connect`], over an open connection to any server.
    ///
    /// # Panics
    ///
    /// As [`Self::connect`].
    pub async fn connect_over(&self, stream: Box<dyn Pipe>) -> Client {
        let mut request = format!("ws://localhost{}", self.target)
            .into_client_request()
            .expect("the target is part of a URL");
        for (name, value) in &self.added {
            let name: HeaderName = name.parse().expect("a header has a name");
            let value = HeaderValue::from_bytes(value).expect("a header has a value");
            request.headers_mut().append(name, value);
        }
        let handshake = client_async_with_config(request, stream, Some(config()));
        match within("the handshake", handshake).await {
            Ok((socket, response)) => Client::new(socket, response.headers().clone()),
            Err(error) => panic!("{}: {error}: {error:?}", self.target),
        }
    }

    /// Connects a client that makes its frames itself.
    ///
    /// # Panics
    ///
    /// If the server refuses, or accepts with the wrong headers.
    pub async fn raw(&self, server: &Server) -> RawClient {
        self.raw_with(server, &[]).await
    }

    /// As [`Self::raw`], with `more` in the same packet behind the request.
    ///
    /// # Panics
    ///
    /// As [`Self::raw`].
    pub async fn raw_with(&self, server: &Server, more: &[u8]) -> RawClient {
        if server.transport() == Transport::Http2 {
            let (answer, mut stream) = self.ask_over_http2(server).await;
            assert_eq!(answer.status(), 200, "{answer:?}");
            stream.write_all(more).await.expect("the connection is open");
            let response = Response::of_http2(&answer, String::new());
            return RawClient::new(BufReader::new(stream), response);
        }
        self.raw_over(server.pipe().await, more).await
    }

    /// As [`Self::raw_with`], over a TCP connection to any server.
    ///
    /// # Panics
    ///
    /// As [`Self::raw`].
    pub async fn raw_over(&self, stream: impl Into<Box<dyn Pipe>>, more: &[u8]) -> RawClient {
        let (stream, response) = self.send(stream.into(), more).await;
        assert_eq!(response.status, 101, "{response:?}");
        assert_eq!(response.header("upgrade"), Some("websocket"));
        assert_eq!(response.header("connection"), Some("upgrade"));
        assert_eq!(response.header("sec-websocket-accept"), Some(ACCEPT));
        RawClient::new(stream, response)
    }

    /// Gives the answer to a request that asks for no upgrade.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn answer(&self, server: &Server) -> Response {
        if server.transport() == Transport::Http2 && self.is_upgrade() {
            let (answer, mut stream) = self.ask_over_http2(server).await;
            let mut body = String::new();
            if answer.status() != 200 {
                within("the body", stream.read_to_string(&mut body))
                    .await
                    .expect("a text");
            }
            return Response::of_http2(&answer, body);
        }
        self.answer_over(server.pipe().await).await
    }

    /// Returns the answer to a request that is sent over an open TCP connection.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn answer_over(&self, stream: impl Into<Box<dyn Pipe>>) -> Response {
        self.send(stream.into(), &[]).await.1
    }

    /// Gives the answer that refuses the request.
    ///
    /// # Panics
    ///
    /// If the server upgrades.
    pub async fn refused(&self, server: &Server) -> Response {
        let response = self.answer(server).await;
        assert_ne!(response.status, 101, "it was meant to be refused");
        response
    }

    /// Returns the request as it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.line).into_bytes();
        for (name, value) in self.standard.iter().chain(&self.added) {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    async fn send(&self, stream: Box<dyn Pipe>, more: &[u8]) -> (BufReader<Box<dyn Pipe>>, Response) {
        let bytes = [&self.to_bytes(), more].concat();
        let mut stream = BufReader::new(stream);
        let exchange = async {
            stream.write_all(&bytes).await.expect("the server reads the request");
            stream.flush().await.expect("the server reads the request");
            Response::read(&mut stream).await
        };
        let response = within("the answer to the request", exchange).await;
        (stream, response)
    }
}

impl Response {
    /// Over HTTP/2, a 200 opens a WebSocket. Tests of several transports read 101 for it.
    fn of_http2(answer: &http::Response<()>, body: String) -> Self {
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
        Self {
            status: match answer.status().as_u16() {
                200 => 101,
                status => status,
            },
            headers: headers.collect(),
            body,
        }
    }

    async fn read(stream: &mut BufReader<Box<dyn Pipe>>) -> Self {
        let line = read_line(stream).await;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream).await;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut response = Self {
            status,
            headers,
            body: String::new(),
        };
        let length = response
            .header("content-length")
            .map_or(0, |length| length.parse().expect("the length of the body is a number"));
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("the body is complete");
        response.body = String::from_utf8(body).expect("the body is text");
        response
    }

    /// Gives the first header with this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Checks status and body.
    ///
    /// # Panics
    ///
    /// If the status is another, or the body does not contain `words`.
    pub fn expect(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.body.contains(words), "no `{words}` in {self:?}");
    }
}

pub(crate) fn config() -> WebSocketConfig {
    // A thousand clients with the default buffer of 128 KiB would be too many.
    WebSocketConfig::default().read_buffer_size(4096)
}

async fn read_line(stream: &mut BufReader<Box<dyn Pipe>>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("the answer is text");
    line.trim_end().to_owned()
}
