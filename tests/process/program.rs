//! The programs `held_up` and `handed_over`, started as children.

use std::{
    fs::{File, read_to_string},
    net::SocketAddr,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use robyn_ws_tests::{Certificate, RawClient, Request, Response, announced_address, until, within};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command},
};

/// The longest grace there is.
pub(crate) const FOR_EVER: &str = "for ever";

/// Returns every runtime with everything else.
pub(crate) fn combinations<T: Clone>(
    runtimes: impl IntoIterator<Item = &'static str>,
    others: impl IntoIterator<Item = T, IntoIter: Clone>,
) -> impl Iterator<Item = (&'static str, T)> {
    let others = others.into_iter();
    let of_one = move |runtime| others.clone().map(move |other| (runtime, other));
    runtimes.into_iter().flat_map(of_one)
}

/// How a program ended, and what it logged.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    log: String,
}

impl Ended {
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        self
    }

    /// Checks that a line of the log names this handler with its place.
    pub(crate) fn expect_handler_in_log(&self, handler: &str) {
        let name = format!("handler=\"{handler}\"");
        let place = format!("place=tests/process/held_up.rs:{}", line_of(handler));
        let named = |line: &str| line.contains(&name) && line.contains(&place);
        assert!(self.log.lines().any(named), "no {name} {place} in {}", self.log);
    }
}

/// Returns the line at which a handler is annotated.
fn line_of(handler: &str) -> usize {
    let source = include_str!("held_up.rs");
    let is_here = |line: &str| line.contains(&format!("fn {handler}("));
    let function = source.lines().position(is_here);
    function.expect("the handler is in the program") + 1
}

/// The running program. Dropped, it is killed.
pub(crate) struct Program {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Program {
    /// Starts `held_up` on a free port.
    pub(crate) async fn start(runtime: &str, server: &str, grace: &str) -> Self {
        Self::listening(command(runtime, server, 0, grace)).await
    }

    /// Starts `handed_over` on a free port, with the interval of its drain.
    pub(crate) async fn to_hand_over(interval: Duration) -> Self {
        let interval = interval.as_millis().to_string();
        Self::listening(child(env!("CARGO_BIN_EXE_handed_over"), &[&interval])).await
    }

    /// Starts `held_up` with room for so many open files.
    pub(crate) async fn with_open_files(limit: usize) -> Self {
        let held_up = command("current", "serve", 0, FOR_EVER);
        let mut limited = child("sh", &["-c", &format!("ulimit -n {limit} && exec \"$@\""), "sh"]);
        limited
            .arg(held_up.as_std().get_program())
            .args(held_up.as_std().get_args());
        Self::listening(limited).await
    }

    /// Starts `handed_over` with TLS, as [`Self::to_hand_over`].
    pub(crate) async fn encrypted(interval: Duration, Certificate { certificate, key }: &Certificate) -> Self {
        let interval = interval.as_millis().to_string();
        Self::listening(child(env!("CARGO_BIN_EXE_handed_over"), &[&interval, certificate, key])).await
    }

    async fn listening(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program can be run");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut stdout = BufReader::new(stdout).lines();
        loop {
            let line = next_line(&mut stdout).await.expect("the program listens");
            if let Some(address) = announced_address(&line) {
                return Self { child, stdout, address };
            }
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns an open TCP connection.
    pub(crate) async fn tcp(&self) -> TcpStream {
        let connecting = within("a TCP connection", TcpStream::connect(self.address));
        connecting.await.expect("the program listens")
    }

    pub(crate) async fn connect(&self, path: &str) -> RawClient {
        Request::upgrade(path).raw_over(self.tcp().await, &[]).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        Request::get(path).answer_over(self.tcp().await).await
    }

    /// Tries to upgrade during a drain.
    pub(crate) async fn expect_503(&self) {
        let response = Request::upgrade("/echo").answer_over(self.tcp().await).await;
        response.expect(503, "the server shuts down");
        assert!(response.header("retry-after").is_some());
    }

    /// Waits until the drain has begun, as those see it who come.
    pub(crate) async fn draining(&self) {
        let refused = async { while Request::upgrade("/echo").answer_over(self.tcp().await).await.status == 101 {} };
        within("the drain to begin", refused).await;
    }

    /// Waits until the program prints this line.
    pub(crate) async fn expect_line(&mut self, expected: &str) {
        while next_line(&mut self.stdout).await.expect("the program runs") != expected {}
    }

    /// Waits until a line of the log contains this text.
    pub(crate) async fn expect_in_log(&mut self, text: &str) {
        let mut log = BufReader::new(self.child.stderr.as_mut().expect("stderr is piped")).lines();
        let reading = async {
            loop {
                let line = log.next_line().await.expect("the log is text");
                if line.expect("the program runs").contains(text) {
                    return;
                }
            }
        };
        within("a line of the log", reading).await;
    }

    /// Sends a signal, and waits until the program has got it: of two that are pending any can come first.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("the program runs").to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(
            kill.await.expect("`kill` can be run").success(),
            "the program had ended"
        );
        let status = format!("/proc/{id}/status");
        // Where there is no such file, the time that `kill` takes has to do.
        let is_pending = || {
            let status = read_to_string(&status).unwrap_or_default();
            let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
            pending.is_some_and(|pending| pending.contains(|digit: char| ('1'..='f').contains(&digit)))
        };
        until("the signal to arrive", || !is_pending()).await;
    }

    /// Waits until the program has exited.
    pub(crate) async fn exited(&mut self) -> ExitStatus {
        let exiting = within("the program to exit", self.child.wait()).await;
        exiting.expect("the program can be waited for")
    }

    /// Waits until the program has ended.
    pub(crate) async fn ended(mut self) -> Ended {
        let stderr = self.child.stderr.as_mut().expect("stderr is piped");
        let mut log = String::new();
        let reading = within("the program to end", stderr.read_to_string(&mut log)).await;
        reading.expect("the log is text");
        Ended {
            status: self.exited().await,
            log,
        }
    }
}

async fn next_line(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    let line = within("a line of the program", lines.next_line()).await;
    line.expect("the program writes text")
}

/// Where a program's output goes when nobody wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nowhere {
    /// A disk without room.
    Full,
    /// A pipe that nobody reads from any more.
    Closed,
}

impl Nowhere {
    fn open(self) -> Stdio {
        match self {
            Self::Full => File::options()
                .write(true)
                .open("/dev/full")
                .expect("Linux has it")
                .into(),
            Self::Closed => {
                let (_reader, writer) = std::io::pipe().expect("there is a pipe");
                writer.into()
            }
        }
    }
}

/// The program, with its output and its log going nowhere.
pub(crate) struct Unheard {
    child: Child,
    address: SocketAddr,
}

impl Unheard {
    pub(crate) async fn start(runtime: &str, nowhere: Nowhere) -> Self {
        let probe = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = probe.local_addr().expect("the listener has an address");
        drop(probe);
        let mut child = command(runtime, "serve", address.port(), FOR_EVER)
            .stdout(nowhere.open())
            .stderr(nowhere.open())
            .spawn()
            .expect("the program can be run");
        let listening = async {
            while TcpStream::connect(address).await.is_err() {
                let ended = child.try_wait().expect("the program can be asked");
                assert_eq!(ended, None, "the program ended instead of serving");
            }
        };
        within("the program to listen", listening).await;
        Self { child, address }
    }

    pub(crate) async fn connect(&self, path: &str) -> RawClient {
        let stream = TcpStream::connect(self.address).await.expect("the program listens");
        Request::upgrade(path).raw_over(stream, &[]).await
    }

    /// Sends SIGTERM and returns how the program ended.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        let id = self.child.id().expect("the program runs").to_string();
        let kill = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(
            kill.await.expect("`kill` can be run").success(),
            "the program had ended"
        );
        let ended = within("the program to end", self.child.wait()).await;
        ended.expect("the program can be waited for")
    }
}

fn command(runtime: &str, server: &str, port: u16, grace: &str) -> Command {
    let port = port.to_string();
    child(env!("CARGO_BIN_EXE_held_up"), &[runtime, server, &port, grace])
}

fn child(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
