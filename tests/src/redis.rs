//! A Redis server as a child.

use std::{fs, net::SocketAddr, process::id};

use redis::{AsyncConnectionConfig, Client, FromRedisValue, aio::MultiplexedConnection};

use crate::{Certificate, child_server::ChildServer, within};

/// A Redis server on a free port, which keeps nothing. It ends when it is dropped.
#[derive(Debug)]
pub struct RedisServer(ChildServer);

impl RedisServer {
    /// Starts a server with more arguments, or returns `None` where the test has to be skipped, which is told.
    ///
    /// # Panics
    ///
    /// As [`skip`](crate::skip), if it is not installed. If it does not start.
    pub async fn start(arguments: &str) -> Option<Self> {
        let mut server = Self::not_started()?;
        server.0.add(arguments.split_whitespace());
        server.run().await;
        Some(server)
    }

    /// Starts a server with the certificate of the tests, or returns `None` where the test has to be skipped.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with_tls() -> Option<Self> {
        let mut server = Self::not_started()?;
        let Certificate { certificate, key } = Certificate::common();
        let [certificate, key] = [("certificate.pem", certificate), ("key.pem", key)].map(|(name, text)| {
            let file = std::env::temp_dir()
                .join(format!("robyn-ws-redis-{}", id()))
                .with_extension(name);
            fs::write(&file, text).expect("files can be written");
            file.display().to_string()
        });
        let port = server.address().port().to_string();
        server
            .0
            .add(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
        server.0.add(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
        server.run().await;
        for file in [certificate, key] {
            fs::remove_file(file).expect("it is there");
        }
        Some(server)
    }

    fn not_started() -> Option<Self> {
        let mut server = ChildServer::new("redis-server")?;
        let port = server.address.port().to_string();
        server.add(["--bind", "127.0.0.1", "--port", &port]);
        server.add(["--save", "", "--appendonly", "no"]);
        Some(Self(server))
    }

    /// Runs the server, on the same port each time, and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn run(&mut self) {
        self.0.run().await;
    }

    /// Returns the address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Returns the address for clients.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Kills the server, and waits until it has ended.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Stops the server, with its connections open.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn stop(&self) {
        self.0.signal("STOP");
    }

    /// Lets a stopped server go on.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn go_on(&self) {
        self.0.signal("CONT");
    }

    /// Asks the server something, by a connection of its own.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub async fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        within("an answer", self.asking().await.ask(command)).await
    }

    async fn asking(&self) -> Asking {
        let client = Client::open(self.url()).expect("an address");
        // A machine with much to do may take longer than the client waits by default.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        Asking(within("a connection", connecting).await.expect("a connection"))
    }

    /// Waits until the nodes have so many subscriptions to channels and to patterns.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub async fn wait_for_subscriptions(&self, channels: usize, patterns: usize) {
        let mut asking = self.asking().await;
        let becoming = async { while asking.subscriptions().await != (channels, patterns) {} };
        within(&format!("{channels} channels and {patterns} patterns"), becoming).await;
    }

    /// Waits until there are so many connections, without the one that asks.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub async fn wait_for_connections(&self, number: usize) {
        let mut asking = self.asking().await;
        let becoming = async { while asking.clients().await.lines().count() != number + 1 {} };
        within(&format!("{number} connections"), becoming).await;
    }
}

/// A connection that asks the server.
struct Asking(MultiplexedConnection);

impl Asking {
    async fn ask<T: FromRedisValue>(&mut self, command: &[&str]) -> T {
        let answer = redis::cmd(command[0]).arg(&command[1..]).query_async(&mut self.0).await;
        answer.expect("an answer")
    }

    /// Returns a line for each client.
    async fn clients(&mut self) -> String {
        self.ask(&["CLIENT", "LIST"]).await
    }

    /// Returns the number of subscriptions of all clients: to channels and to patterns.
    async fn subscriptions(&mut self) -> (usize, usize) {
        let clients = self.clients().await;
        let sum = |field: &str| {
            let values = clients.split_whitespace().filter_map(|word| word.strip_prefix(field));
            values.map(|value| value.parse::<usize>().expect("a number")).sum()
        };
        (sum("sub="), sum("psub="))
    }
}
