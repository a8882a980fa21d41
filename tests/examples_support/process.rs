//! An example that runs.

use std::{
    net::SocketAddr,
    process::{Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{build::program, soon};

/// An example that runs and listens. Dropped, it is killed; [`Self::stop`] is the way to end it.
pub(crate) struct Example {
    name: &'static str,
    child: Child,
    /// Kept, so that the example can go on writing.
    _stdout: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
    endpoints: Vec<String>,
}

impl Example {
    /// Starts the example `name` on a free port.
    pub(crate) async fn start(name: &'static str) -> Self {
        let mut command = command(name);
        command.args(["--port", "0"]);
        Self::listening(name, command).await
    }

    /// Starts the example `name` with this `PORT` and these arguments.
    pub(crate) async fn start_with(name: &'static str, port: &str, arguments: &[&str]) -> Self {
        let mut command = command(name);
        command.env("PORT", port).args(arguments);
        Self::listening(name, command).await
    }

    async fn listening(name: &'static str, mut command: Command) -> Self {
        let mut child = command.spawn().expect("the example can be run");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let line = soon("the example to listen", lines.next_line()).await;
            let line = line.expect("the example writes UTF-8");
            let line = line.unwrap_or_else(|| panic!("`{name}` never listened: {seen:?}"));
            if let Some(address) = announced_address(&line) {
                return Self {
                    name,
                    child,
                    _stdout: lines,
                    address,
                    endpoints: seen.iter().filter_map(|line| announced_path(line)).collect(),
                };
            }
            seen.push(line);
        }
    }

    /// Gives the address that the example says it listens on.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the paths of the endpoints that the example says it has.
    pub(crate) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Asks the example to end, as a service manager would, checks that it does so in order, and gives its log.
    pub(crate) async fn stop(self) -> String {
        self.ask_to_stop().await;
        self.ended().await
    }

    /// Sends SIGTERM to the example, which needs a while to end.
    pub(crate) async fn ask_to_stop(&self) {
        let id = self.child.id().expect("the example runs").to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status();
        assert!(
            kill.await.expect("`kill` can be run").success(),
            "`{}` had ended before",
            self.name
        );
    }

    /// Waits until the example has ended, checks that it ended well and that nothing in it ever panicked, and gives its
    /// log.
    pub(crate) async fn ended(self) -> String {
        let output = soon("the example to end", self.child.wait_with_output()).await;
        let output = output.expect("the example can be waited for");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{}`: {}\n{stderr}", self.name, output.status);
        assert!(!stderr.contains("panicked"), "`{}`:\n{stderr}", self.name);
        stderr.into_owned()
    }
}

/// Runs the example `name` until it ends by itself.
pub(crate) async fn run_to_its_end(name: &str, port: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = command(name);
    if let Some(port) = port {
        command.env("PORT", port);
    }
    let output = command.args(arguments).output();
    soon("the example to end by itself", output)
        .await
        .expect("the example can be run")
}

fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command
        .env_remove("PORT")
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Reads `listening on http://127.0.0.1:8080 (stop with Ctrl-C)`.
fn announced_address(line: &str) -> Option<SocketAddr> {
    let rest = line.strip_prefix("listening on http://")?;
    rest.strip_suffix(" (stop with Ctrl-C)")?.parse().ok()
}

/// Reads `ws://127.0.0.1:8080/chat/{room}`.
fn announced_path(line: &str) -> Option<String> {
    let (_address, path) = line.strip_prefix("ws://")?.split_once('/')?;
    Some(format!("/{path}"))
}
