//! An example that runs.

use std::{
    net::SocketAddr,
    process::{Output, Stdio},
};

use robyn_ws_tests::{announced_address, within};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use super::build::program;

/// A free port of this machine.
const FREE_PORT: &str = "127.0.0.1:0";

/// An example that runs and listens. Dropped, it is killed; [`Self::stop`] is the way to end it.
pub(crate) struct Example {
    name: &'static str,
    child: Child,
    /// Reads the log to its end, so that the example can go on writing.
    log: JoinHandle<String>,
    address: SocketAddr,
    endpoints: Vec<String>,
}

impl Example {
    /// Starts the example `name` on a free port.
    pub(crate) async fn start(name: &'static str) -> Self {
        Self::start_with(name, &[]).await
    }

    /// Starts the example `name` on a free port, with these variables in its environment.
    pub(crate) async fn start_with(name: &'static str, variables: &[(&str, &str)]) -> Self {
        let mut command = command(name);
        command.arg(FREE_PORT).envs(variables.iter().copied());
        let mut child = command.spawn().expect("the example can be run");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut seen: Vec<String> = Vec::new();
        let address = loop {
            let line = within("the example to listen", lines.next_line()).await;
            let line = line.expect("the example writes UTF-8");
            seen.push(line.unwrap_or_else(|| panic!("`{name}` never listened: {seen:?}")));
            if let Some(address) = seen.last().and_then(|line| announced_address(line)) {
                break address;
            }
        };
        Self {
            name,
            child,
            log: tokio::spawn(rest_of(lines)),
            address,
            endpoints: seen.iter().flat_map(|line| announced_paths(line)).collect(),
        }
    }

    /// Returns the address that the example says it listens on.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the paths of the endpoints that the example says it has.
    pub(crate) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Asks the example to end, as a service manager would, checks that it does so in order, and returns its log.
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

    /// Waits until the example has ended, checks that it ended well and that nothing in it ever panicked, and returns
    /// its log.
    pub(crate) async fn ended(self) -> String {
        let output = within("the example to end", self.child.wait_with_output()).await;
        let output = output.expect("the example can be waited for");
        let log = within("the end of its log", self.log).await.expect("the log was read");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "`{}`: {}\n{log}{stderr}",
            self.name,
            output.status
        );
        assert_eq!(stderr, "", "`{}` complained or panicked", self.name);
        log
    }
}

/// Runs the example `name` until it ends by itself.
pub(crate) async fn run_to_its_end(name: &str, arguments: &[&str]) -> Output {
    run_to_its_end_with(name, arguments, &[]).await
}

/// Runs an example that ends by itself, with these variables in its environment.
pub(crate) async fn run_to_its_end_with(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(name);
    command.args(arguments).envs(variables.iter().copied());
    within("the example to end by itself", command.output())
        .await
        .expect("the example can be run")
}

fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn rest_of(lines: Lines<BufReader<ChildStdout>>) -> String {
    let mut rest = String::new();
    let read = lines.into_inner().read_to_string(&mut rest).await;
    read.expect("the example writes UTF-8");
    rest
}

/// Reads every `ws://127.0.0.1:8080/chat/{room}` in a line.
fn announced_paths(line: &str) -> impl Iterator<Item = String> {
    let urls = line
        .split_whitespace()
        .filter_map(|word| word.split_once("ws://")?.1.split_once('/'));
    urls.map(|(_address, path)| format!("/{path}"))
}
