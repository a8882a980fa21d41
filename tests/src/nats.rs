//! A NATS server as a child.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{child_server::ChildServer, free_address, within};

/// A NATS server on a free port. It ends when it is dropped.
#[derive(Debug)]
pub struct NatsServer {
    server: ChildServer,
    /// Where it says what it does.
    monitor: SocketAddr,
}

impl NatsServer {
    /// Starts a server, or returns `None` where the test has to be skipped, which is told.
    ///
    /// # Panics
    ///
    /// As [`skip`](crate::skip), if it is not installed. If it does not start.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// Starts a server with more arguments, or returns `None` where the test has to be skipped.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(arguments: &[&str]) -> Option<Self> {
        let mut server = Self::not_started()?;
        server.server.add(arguments.iter().copied());
        server.run().await;
        Some(server)
    }

    /// Chooses the port of a server that is started later, or returns `None` where the test has to be skipped.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn not_started() -> Option<Self> {
        let (mut server, monitor) = (ChildServer::new("nats-server")?, free_address());
        let [port, http_port] = [server.address, monitor].map(|address| address.port().to_string());
        server.add(["--addr", "127.0.0.1", "--port", &port, "--http_port", &http_port]);
        Some(Self { server, monitor })
    }

    /// Runs the server, on the same port each time, and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn run(&mut self) {
        self.server.run().await;
    }

    /// Returns the address for clients.
    pub fn url(&self) -> String {
        format!("nats://{}", self.server.address)
    }

    /// Kills the server, and waits until it has ended.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Stops the server, with its connections open.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn stop(&self) {
        self.server.signal("STOP");
    }

    /// Lets a stopped server go on.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn go_on(&self) {
        self.server.signal("CONT");
    }

    /// Returns the number of clients that are connected.
    ///
    /// # Panics
    ///
    /// If the server does not say it.
    pub async fn clients(&self) -> u64 {
        self.number("connections").await
    }

    /// Returns the number of subscriptions of all clients, and a few of its own.
    ///
    /// # Panics
    ///
    /// If the server does not say it.
    pub async fn subscriptions(&self) -> u64 {
        self.number("subscriptions").await
    }

    /// Returns the number of messages that it has sent to clients.
    ///
    /// # Panics
    ///
    /// If the server does not say it.
    pub async fn sent(&self) -> u64 {
        self.number("out_msgs").await
    }

    async fn number(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.monitor).await.expect("the server listens");
        let request = b"GET /varz HTTP/1.0\r\n\r\n";
        stream.write_all(request).await.expect("the server reads");
        let mut response = String::new();
        let reading = stream.read_to_string(&mut response);
        within("the state of the server", reading).await.expect("it is text");
        let (_, body) = response.split_once("\r\n\r\n").expect("a body");
        let state: serde_json::Value = serde_json::from_str(body).expect("JSON");
        state[name].as_u64().expect("a number")
    }
}
