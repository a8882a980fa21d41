//! The end of a process whose clients have come over TLS, by HTTP/1.1 and by HTTP/2.

use std::{
    io::ErrorKind::{BrokenPipe, ConnectionReset},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use robyn_ws_tests::{Certificate, Client, Http2, Request};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::program::Program;

/// The close code that the process sends.
const RESTART: u16 = 1012;

/// The interval of the drain.
const INTERVAL: Duration = Duration::from_millis(200);

/// The grace of the process is longer.
const GRACE: Duration = Duration::from_secs(20);

const CLIENTS: usize = 5;

async fn start() -> Program {
    Program::encrypted(INTERVAL, Certificate::common()).await
}

async fn tls(program: &Program, protocol: &str) -> TlsStream<TcpStream> {
    let handshake = Certificate::common().handshake(program.tcp().await, &[protocol]).await;
    handshake.expect("the program speaks TLS")
}

/// Stops the process, and waits until it has closed all of these connections. Returns when it was stopped.
async fn stop(program: &Program, mut clients: Vec<Client>) -> Instant {
    join_all(clients.iter_mut().map(|client| client.ask("hi", "hi"))).await;
    let stopped = Instant::now();
    program.signal("TERM").await;
    join_all(
        clients
            .iter_mut()
            .map(|client| client.expect_close(RESTART, "the server shuts down")),
    )
    .await;
    stopped
}

/// Waits until the process has ended in order, within its grace.
async fn expect_success(mut program: Program, stopped: Instant) {
    let status = program.exited().await;
    assert!(status.success(), "{status}");
    assert!(stopped.elapsed() < GRACE, "{:?}", stopped.elapsed());
}

#[tokio::test]
async fn sigterm_closes_connections_over_tls_with_the_code_of_the_drain_and_the_process_ends_in_order() {
    let program = start().await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let stream = tls(&program, "http/1.1").await;
        clients.push(Request::upgrade("/echo").connect_over(Box::new(stream)).await);
    }
    let stopped = stop(&program, clients).await;
    expect_success(program, stopped).await;
}

#[tokio::test]
async fn sigterm_closes_connections_over_http2_with_the_code_of_the_drain_then_sends_goaway_and_the_process_ends_in_order()
 {
    let program = start().await;
    let http2 = Http2::begin(tls(&program, "h2").await).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(http2.client("/echo").await);
    }
    let stopped = stop(&program, clients).await;
    // The process may be gone before the client has written its last frame. Then the client sees that, and no GOAWAY.
    let is_gone = |error: &h2::Error| {
        error
            .get_io()
            .is_some_and(|error| matches!(error.kind(), BrokenPipe | ConnectionReset))
    };
    if let Err(error) = http2.ended().await {
        assert!(is_gone(&error), "GOAWAY says that there is no error: {error:?}");
    }
    expect_success(program, stopped).await;
}
