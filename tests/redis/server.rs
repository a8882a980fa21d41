//! A Redis server as a child.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
};

use redis::{AsyncConnectionConfig, Client, FromRedisValue, aio::MultiplexedConnection};
use robyn_ws_tests::{Certificate, free_address, program, within};
use tokio::net::TcpStream;

/// A Redis server on a free port, which keeps nothing. It ends when it is dropped.
pub(crate) struct RedisServer {
    program: PathBuf,
    address: SocketAddr,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server with more arguments, or returns `None` where the test has to be skipped, which is told.
    pub(crate) async fn start(arguments: &str) -> Option<Self> {
        let mut server = Self::new()?;
        server.add(arguments.split_whitespace());
        server.run().await;
        Some(server)
    }

    /// Starts a server with the certificate of the tests.
    pub(crate) async fn start_with_tls() -> Option<Self> {
        let mut server = Self::new()?;
        let Certificate { certificate, key } = Certificate::common();
        let [certificate, key] = [("certificate.pem", certificate), ("key.pem", key)].map(|(name, text)| {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("redis-{}", id()))
                .with_extension(name);
            fs::write(&file, text).expect("files can be written");
            file.display().to_string()
        });
        let port = server.address.port().to_string();
        server.add(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
        server.add(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
        server.run().await;
        for file in [certificate, key] {
            fs::remove_file(file).expect("it is there");
        }
        Some(server)
    }

    fn new() -> Option<Self> {
        let mut server = Self {
            program: program("redis-server")?,
            address: free_address(),
            arguments: Vec::new(),
            child: None,
        };
        let port = server.address.port().to_string();
        server.add([
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        Some(server)
    }

    fn add<'a>(&mut self, arguments: impl IntoIterator<Item = &'a str>) {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
    }

    /// Runs the server, on the same port each time, and waits until it listens.
    pub(crate) async fn run(&mut self) {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server can be run");
        let listening = async {
            while TcpStream::connect(self.address).await.is_err() {
                let ended = child.try_wait().expect("a child");
                assert!(ended.is_none(), "redis-server has ended: {ended:?}");
                tokio::task::yield_now().await;
            }
        };
        within("redis-server to listen", listening).await;
        self.child = Some(child);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Kills the server, and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("a child");
        child.wait().expect("a child");
    }

    /// Stops the server, with its connections open.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets a stopped server go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the server runs").id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.expect("kill can be run").success(), "the server gets {signal}");
    }

    /// Asks the server something, by a connection of its own.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
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
    pub(crate) async fn wait_for_subscriptions(&self, channels: usize, patterns: usize) {
        let mut asking = self.asking().await;
        let becoming = async { while asking.subscriptions().await != (channels, patterns) {} };
        within(&format!("{channels} channels and {patterns} patterns"), becoming).await;
    }

    /// Waits until there are so many connections, without the one that asks.
    pub(crate) async fn wait_for_connections(&self, number: usize) {
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

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // It may have ended.
            let _ = child.wait();
        }
    }
}
