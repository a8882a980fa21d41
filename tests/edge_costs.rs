//! What a connection costs over HTTP/1.1, TLS and HTTP/2: CPU time of a handshake and of a delivery, and memory.
//!
//! `cargo run --release -p robyn-ws-tests --bin edge_costs -- TRANSPORT CLIENTS BROADCASTS`, where the transport is `http1`,
//! `tls` or `http2`. Linux only.

use std::{
    env, fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use robyn_ws::{Tls, prelude::*};
use robyn_ws_tests::{Certificate, FIN, Http2, Pipe, Request, TEXT, announced_address, frame};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split},
    net::TcpStream,
    process::Command,
    runtime::Builder,
    task::yield_now,
    time::sleep,
};

/// Clients that come before anything is measured.
const WARM_UP: usize = 200;
/// As many sockets share a connection of HTTP/2.
const SHARED_BY: usize = 100;
/// The bytes of the messages.
const LENGTH: usize = 64;

#[websocket("/all", on = "message")]
fn all(ws: &WebSocketConnector, msg: &str) {
    ws.sync_broadcast(msg);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => runtime.block_on(serve(None)),
        ["serve", certificate, key] => runtime.block_on(serve(Some((certificate, key)))),
        [transport @ ("http1" | "tls" | "http2"), clients, broadcasts] => {
            let number = |text: &str| text.parse().expect("a number");
            runtime.block_on(measure(transport, number(clients), number(broadcasts)));
        }
        _ => eprintln!("expected: edge_costs http1|tls|http2 CLIENTS BROADCASTS"),
    }
}

async fn serve(certificate: Option<(&str, &str)>) {
    let limits = Limits::default().max_outbound_messages(100_000);
    let mut app = App::new().only(["/all"]).limits(limits);
    if let Some((certificate, key)) = certificate {
        app = app.tls(Tls::from_pem(certificate, key).expect("a certificate"));
    }
    app.serve("127.0.0.1:0").await.expect("the server serves");
}

/// The server under measurement, a process of its own.
struct Process(u32);

impl Process {
    /// Returns the CPU time of its threads in microseconds.
    fn cpu(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0)).expect("Linux");
        let times = threads.map(|thread| {
            let file = thread.expect("a thread").path().join("schedstat");
            let text = fs::read_to_string(file).unwrap_or_default();
            text.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0.0)
        });
        times.sum::<f64>() / 1000.0
    }

    /// Returns its memory in KiB.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("its memory")
    }
}

async fn measure(transport: &str, clients: usize, broadcasts: usize) {
    let certificate = Certificate::new();
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.arg("serve").stdout(Stdio::piped()).kill_on_drop(true);
    if transport != "http1" {
        command.args([&certificate.certificate, &certificate.key]);
    }
    let mut child = command.spawn().expect("this program can be run");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address = loop {
        let line = lines.next_line().await.expect("text").expect("the server listens");
        if let Some(address) = announced_address(&line) {
            break address;
        }
    };
    let server = Process(child.id().expect("it runs"));
    let received = Arc::new(AtomicUsize::new(0));
    let mut shared: Vec<Http2> = Vec::new();
    let mut writers = Vec::new();
    let mut before = (0.0, 0.0);
    for number in 0..WARM_UP + clients {
        if number == WARM_UP {
            sleep(Duration::from_millis(500)).await;
            before = (server.cpu(), server.memory());
        }
        let protocol = if transport == "http2" { "h2" } else { "http/1.1" };
        let pipe: Box<dyn Pipe> = if transport == "http2" && number % SHARED_BY != 0 {
            Box::new(shared.last().expect("a connection").open("/all").await)
        } else {
            let tcp = TcpStream::connect(address).await.expect("the server listens");
            match transport {
                "http1" => opened(tcp.into()).await,
                "tls" => opened(Box::new(certificate.handshake(tcp, &[protocol]).await.expect("TLS"))).await,
                _ => {
                    shared.push(Http2::begin(certificate.handshake(tcp, &[protocol]).await.expect("TLS")).await);
                    Box::new(shared.last().expect("a connection").open("/all").await)
                }
            }
        };
        let (reader, writer) = split(pipe);
        tokio::spawn(count(reader, received.clone()));
        writers.push(writer);
    }
    sleep(Duration::from_secs(1)).await;
    report(transport, "CPU of a handshake in µs", server.cpu() - before.0, clients);
    report(transport, "memory in KiB", server.memory() - before.1, clients);
    for burst in [1, 16] {
        let (cpu, bursts) = (server.cpu(), broadcasts / burst);
        for _ in 0..bursts {
            let goal = received.load(Ordering::Relaxed) + writers.len() * burst * (2 + LENGTH);
            broadcast(&mut writers[0], burst).await;
            while received.load(Ordering::Relaxed) < goal {
                yield_now().await;
            }
        }
        let what = format!("CPU of a delivery in bursts of {burst} in µs");
        report(transport, &what, server.cpu() - cpu, writers.len() * burst * bursts);
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many")]
fn report(transport: &str, what: &str, all: f64, count: usize) {
    println!("{transport}: {what}: {:.2}", all / count as f64);
}

async fn broadcast(writer: &mut WriteHalf<Box<dyn Pipe>>, burst: usize) {
    let messages = frame(FIN | TEXT, "x".repeat(LENGTH)).repeat(burst);
    writer.write_all(&messages).await.expect("it is open");
    writer.flush().await.expect("it is open");
}

/// Upgrades over HTTP/1.1.
async fn opened(mut pipe: Box<dyn Pipe>) -> Box<dyn Pipe> {
    pipe.write_all(&Request::upgrade("/all").to_bytes())
        .await
        .expect("it is open");
    pipe.flush().await.expect("it is open");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(pipe.read_u8().await.expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    pipe
}

/// Counts the bytes that come.
async fn count(mut reader: ReadHalf<Box<dyn Pipe>>, received: Arc<AtomicUsize>) {
    let mut bytes = vec![0; 4096];
    while let Ok(length @ 1..) = reader.read(&mut bytes).await {
        received.fetch_add(length, Ordering::Relaxed);
    }
}
