//! The handshakes of TLS that one client has under way at once.

use std::{net::SocketAddr, time::Duration};

use futures_util::{FutureExt as _, Stream, StreamExt as _, stream::FuturesUnordered};
use robyn_ws::prelude::*;
use robyn_ws_tests::{Certificate, Request, Server, Transport, probe, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::edge::app;

/// The most handshakes of all clients at once. By default, each has an eighth.
const ALL: usize = 16;

const SHARE: usize = 2;

fn limits() -> Limits {
    Limits::default()
        .max_tls_handshakes(ALL)
        .tls_handshake_timeout(Duration::from_hours(1))
}

async fn start(limits: Limits, set: impl FnOnce(App) -> App) -> Server {
    let (probe, _seen) = probe();
    let app = set(app(probe).limits(limits));
    Server::start_encrypted(app, |router| router, Transport::Tls).await
}

/// Opens TCP from an address of this machine, and sends the header of a proxy.
async fn tcp(server: &Server, source: &str, header: &[u8]) -> TcpStream {
    let source: SocketAddr = format!("{source}:0").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(source).expect("an address of this machine");
    let connecting = within("a TCP connection", socket.connect(server.address()));
    let mut stream = connecting.await.expect("the server listens");
    stream.write_all(header).await.expect("it is open");
    stream
}

/// Opens so many connections whose handshakes do not go on.
async fn stall(server: &Server, count: usize, source: &str, header: &[u8]) -> Vec<TcpStream> {
    let mut stalled = Vec::new();
    for _ in 0..count {
        stalled.push(tcp(server, source, header).await);
    }
    stalled
}

/// Waits until the server has ended so many of these connections, and returns the others, which are open until they are
/// dropped.
async fn after_ends(count: usize, streams: Vec<TcpStream>) -> impl Stream<Item = ()> {
    let ends = streams.into_iter().map(async |mut stream| {
        let _ = stream.read(&mut [0]).await; // A reset is an end as well.
    });
    let mut ends: FuturesUnordered<_> = ends.collect();
    for _ in 0..count {
        within("the end of TCP", ends.next()).await;
    }
    assert_eq!(ends.next().now_or_never(), None, "more than {count} have ended");
    ends
}

/// Does the handshake, and says something.
async fn shake_hands(server: &Server, source: &str, header: &[u8]) -> std::io::Result<()> {
    let stream = tcp(server, source, header).await;
    let stream = Certificate::common().handshake(stream, &["http/1.1"]).await?;
    let mut client = Request::upgrade("/edge/echo").connect_over(Box::new(stream)).await;
    client.ask("hi", "hi").await;
    client.leave().await;
    Ok(())
}

/// Has clients of one address be silent: they get their share of the handshakes, and others are not kept waiting.
async fn expect_share(server: &Server, one: (&str, &[u8]), other: (&str, &[u8])) {
    let silent = stall(server, ALL, one.0, one.1).await;
    let others = shake_hands(server, other.0, other.1).await;
    others.expect("others have their share");
    let left = after_ends(ALL - SHARE, silent).await;
    shake_hands(server, one.0, one.1)
        .await
        .expect_err("its share is used up");
    drop(left);
    let free_again = async { while shake_hands(server, one.0, one.1).await.is_err() {} };
    within("a free place", free_again).await;
}

// Elsewhere, a machine may have no other address than 127.0.0.1.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn silent_clients_of_one_address_take_their_share_of_handshakes_and_others_shake_hands_at_once() {
    let server = start(limits(), |app| app).await;
    expect_share(&server, ("127.0.0.2", b""), ("127.0.0.1", b"")).await;
}

#[tokio::test]
async fn share_of_handshakes_is_that_of_the_client_whom_a_proxy_introduces() {
    let server = start(limits(), |app| app.trusted_proxies(["127.0.0.1"]).proxy_protocol()).await;
    let one = b"PROXY TCP4 192.0.2.7 127.0.0.1 4660 443\r\n";
    let other = b"PROXY TCP4 192.0.2.8 127.0.0.1 4660 443\r\n";
    expect_share(&server, ("127.0.0.1", one), ("127.0.0.1", other)).await;
}

#[tokio::test]
async fn trusted_proxy_may_have_the_handshakes_of_all_its_clients() {
    let unnamed = b"PROXY UNKNOWN\r\n";
    for (speaks_protocol, header) in [(false, &b""[..]), (true, unnamed)] {
        let server = start(limits(), |app| {
            let app = app.trusted_proxies(["127.0.0.1"]);
            if speaks_protocol { app.proxy_protocol() } else { app }
        })
        .await;
        let _stalled = stall(&server, ALL - 1, "127.0.0.1", header).await;
        let last = shake_hands(&server, "127.0.0.1", header).await;
        last.expect("the last one of all handshakes");
    }
}

#[tokio::test]
async fn share_of_handshakes_can_be_set_and_turned_off() {
    for (share, limits) in [
        (5, limits().max_tls_handshakes_per_ip(5)),
        (ALL, limits().max_tls_handshakes_per_ip(None)),
    ] {
        let server = start(limits, |app| app).await;
        let _stalled = stall(&server, share - 1, "127.0.0.1", b"").await;
        let last = shake_hands(&server, "127.0.0.1", b"").await;
        last.expect("the last one of the share");
        let silent = stall(&server, 2, "127.0.0.1", b"").await;
        let _left = after_ends(1, silent).await;
    }
}

#[test]
fn share_of_handshakes_that_cannot_be_reached_is_a_build_error() {
    for (share, words) in [
        (
            ALL + 1,
            "is 17 handshakes, more than the 16 handshakes of `max_tls_handshakes`: it could never be reached; lower it, or raise `max_tls_handshakes`",
        ),
        (
            0,
            "is 0 handshakes, which cannot work: expected 1 to 16777216 handshakes, or `None` for no limit",
        ),
    ] {
        let (probe, _seen) = probe();
        let app = app(probe).limits(limits().max_tls_handshakes_per_ip(share));
        let error = app.build().expect_err("it cannot work").to_string();
        assert!(
            error.contains(&format!("`Limits::max_tls_handshakes_per_ip` {words}")),
            "{error}"
        );
    }
}
