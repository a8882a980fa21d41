//! Instructions for each message, counted by callgrind, which is a part of valgrind.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use robyn_ws_tests::{announced_address, cargo};

use crate::{
    clients::{Client, broadcasts, calls, echoes, long_broadcasts, typed_echoes},
    report::at_most,
};

/// The program that is counted, which runs under callgrind.
struct Callgrind {
    child: Child,
    address: SocketAddr,
}

impl Callgrind {
    fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("valgrind can be run");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let address = stdout
            .find_map(|line| announced_address(&line.expect("the program writes UTF-8")))
            .expect("the program listens");
        // It goes on writing, when it ends.
        thread::spawn(move || stdout.for_each(drop));
        Self { child, address }
    }

    /// Ends the program, and gives how many instructions it took.
    fn stop(mut self) -> u64 {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(
            kill.expect("`kill` can be run").success(),
            "the program had ended before"
        );
        let mut report = String::new();
        let stderr = self.child.stderr.take().expect("stderr is piped");
        BufReader::new(stderr)
            .read_to_string(&mut report)
            .expect("valgrind writes UTF-8");
        let status = self.child.wait().expect("the program can be waited for");
        assert!(status.success(), "{status}\n{report}");
        let counted = report.lines().find_map(|line| line.split_once("Collected : "));
        let (_, counted) = counted.unwrap_or_else(|| panic!("callgrind has counted nothing:\n{report}"));
        counted.trim().parse().expect("callgrind gives a number")
    }
}

impl Drop for Callgrind {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; usually it has ended.
        let _ended = self.child.kill();
    }
}

/// Gives the program, built as users build theirs, or `None` where there is no valgrind to count it with.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

    robyn_ws_tests::program("valgrind")?;
    Some(PROGRAM.get_or_init(build).as_path())
}

fn build() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = tests.join("../target/guards");
    let built = cargo()
        .args(["build", "--release", "--bin", "guarded", "--target-dir"])
        .arg(&target)
        .current_dir(tests)
        .status();
    assert!(built.expect("cargo can be run").success(), "cargo has said why");
    target.join("release/guarded")
}

/// What some clients do for a number of rounds, with how many messages at a time.
struct Load {
    path: &'static str,
    clients: usize,
    burst: usize,
    /// So many that what connecting takes, which varies, is little beside them.
    rounds: usize,
    /// What the program is told.
    argument: Option<&'static str>,
    act: fn(&mut [Client], usize, usize),
}

impl Load {
    fn instructions(&self, program: &Path, rounds: usize) -> u64 {
        let arguments: Vec<_> = self.argument.into_iter().collect();
        let callgrind = Callgrind::start(program, &arguments);
        let connect = if self.argument == Some("compressed") {
            Client::connect_compressing
        } else {
            Client::connect
        };
        let clients = (0..self.clients).map(|_| connect(callgrind.address, self.path));
        let mut clients: Vec<_> = clients.collect();
        (self.act)(&mut clients, self.burst, rounds);
        callgrind.stop()
    }

    /// Counts twice, with more rounds the second time: what is more is what these rounds took.
    #[expect(clippy::cast_precision_loss, reason = "no test takes that many")]
    fn instructions_per_message(&self, program: &Path) -> f64 {
        const FEW: usize = 10;

        let few = self.instructions(program, FEW);
        let more = self.instructions(program, FEW + self.rounds);
        let messages = self.rounds * self.clients * self.burst;
        more.saturating_sub(few) as f64 / messages as f64
    }
}

#[test]
fn echo_takes_few_instructions() {
    let Some(program) = program() else { return };
    for (burst, rounds, bound) in [(1, 400, 4650.0), (16, 100, 1480.0)] {
        let load = Load {
            path: "/echo",
            clients: 16,
            burst,
            rounds,
            argument: None,
            act: echoes,
        };
        let what = format!("instructions for an echo, {burst} in flight");
        at_most(bound, &what, load.instructions_per_message(program));
    }
}

#[test]
fn call_takes_hardly_more_instructions_than_a_typed_echo() {
    let Some(program) = program() else { return };
    for (burst, rounds, bound) in [(1, 300, 1.35), (16, 100, 1.55)] {
        let load = |path, act: fn(&mut [Client], usize, usize)| Load {
            path,
            clients: 16,
            burst,
            rounds,
            argument: None,
            act,
        };
        let typed = load("/typed", typed_echoes).instructions_per_message(program);
        let call = load("/calls", calls).instructions_per_message(program);
        let what = format!("instructions for a call, {burst} in flight, of the {typed:.2} for a typed echo");
        at_most(bound * typed, &what, call);
    }
}

#[test]
fn delivery_takes_few_instructions() {
    let Some(program) = program() else { return };
    for (burst, rounds, bound) in [(1, 300, 680.0), (16, 50, 72.0)] {
        let load = Load {
            path: "/fan_out",
            clients: 100,
            burst,
            rounds,
            argument: None,
            act: broadcasts,
        };
        let what = format!("instructions for a delivery, {burst} in flight");
        at_most(bound, &what, load.instructions_per_message(program));
    }
}

/// What more recipients take: the compression of the message is one for all.
#[test]
#[expect(clippy::cast_precision_loss, reason = "no test has that many clients")]
fn compressed_delivery_takes_hardly_more_instructions_than_a_plain_one() {
    const FEW: usize = 50;
    const MORE: usize = 100;

    let Some(program) = program() else { return };
    let broadcast = |argument, clients| {
        let load = Load {
            path: "/fan_out",
            clients,
            burst: 1,
            rounds: 100,
            argument,
            act: long_broadcasts,
        };
        load.instructions_per_message(program) * clients as f64
    };
    let delivery = |argument| (broadcast(argument, FEW + MORE) - broadcast(argument, FEW)) / MORE as f64;
    let (plain, compressed) = (delivery(None), delivery(Some("compressed")));
    let what = format!("instructions for a compressed delivery, of the {plain:.2} for a plain one");
    at_most(1.1 * plain, &what, compressed);
}

#[test]
fn broadcast_takes_hardly_more_instructions_while_the_backplane_is_down() {
    let Some(program) = program() else { return };
    let broadcast = |argument| {
        let load = Load {
            path: "/fan_out",
            clients: 1,
            burst: 1,
            rounds: 2000,
            argument,
            act: broadcasts,
        };
        load.instructions_per_message(program)
    };
    let (alone, unreachable) = (broadcast(None), broadcast(Some("unreachable")));
    let what = format!(
        "instructions for a broadcast to one client while the backplane is down, of the {alone:.2} without one"
    );
    at_most(1.05 * alone, &what, unreachable);
}

/// Counts clients that come and go, one after the other.
fn instructions_of_visits(program: &Path, visits: u32) -> u64 {
    let callgrind = Callgrind::start(program, &[]);
    for _ in 0..visits {
        drop(Client::connect(callgrind.address, "/echo"));
    }
    callgrind.stop()
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "no test takes that many")]
fn connection_that_comes_and_goes_takes_few_instructions() {
    const FEW: u32 = 20;
    const MORE: u32 = 300;

    let Some(program) = program() else { return };
    let few = instructions_of_visits(program, FEW);
    let more = instructions_of_visits(program, FEW + MORE);
    at_most(
        64_000.0,
        "instructions for a connection, from its request to its end",
        more.saturating_sub(few) as f64 / f64::from(MORE),
    );
}
