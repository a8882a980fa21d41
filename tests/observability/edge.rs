//! The edge: handshakes of TLS, headers of the PROXY protocol, connections of HTTP/2.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use robyn_ws::{Tls, prelude::*};
use robyn_ws_tests::{Certificate, Log, Request, Server, Transport, until, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{expect_metrics, log_of, measured, runtime};

static EDGE: SubRouter = SubRouter::new("/edge");

#[websocket("/echo", on = "message", router = EDGE)]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

fn app() -> App {
    App::new().only(["/edge/echo"]).include_router(&EDGE)
}

async fn start(limits: Limits) -> Server {
    Server::start_encrypted(app().limits(limits), |router| router, Transport::Tls).await
}

/// Reads until TCP ends.
async fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = within("the end of TCP", stream.read_to_end(&mut rest)).await; // A reset is an end as well.
}

#[test]
fn metrics_count_handshakes_of_tls_by_outcome() {
    Log::subscribe();
    let seen = measured(async {
        let limits = Limits::default().tls_handshake_timeout(Duration::from_millis(300));
        let server = start(limits).await;
        server.connect("/edge/echo").await.ask("hi", "hi").await;
        server.connect("/edge/echo").await.ask("hi", "hi").await;
        let mut plain = server.tcp().await;
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it reads");
        ends(plain).await;
        ends(server.tcp().await).await;
    });
    let handshakes = |outcome| format!("robyn_ws_tls_handshakes_total outcome={outcome}");
    let expected = [("ok", "2"), ("failed", "1"), ("timed_out", "1")];
    for (outcome, count) in expected {
        expect_metrics(&seen, &[(&handshakes(outcome), count)]);
    }
    assert!(!seen.contains_key(&handshakes("refused")), "{seen:#?}");
}

#[test]
fn refused_handshakes_of_tls_are_counted_and_warned_of_with_the_limit() {
    let log = Log::subscribe();
    let seen = measured(async {
        for limits in [
            Limits::default().max_tls_handshakes(1),
            Limits::default().max_tls_handshakes_per_ip(1),
        ] {
            let server = start(limits).await;
            let mut first = server.tcp().await;
            first.write_all(b"\x16").await.expect("it reads");
            for _ in 0..5 {
                // Others come to their end: the first one has taken the only place.
                ends(server.tcp().await).await;
            }
        }
    });
    expect_metrics(&seen, &[("robyn_ws_tls_handshakes_total outcome=refused", "10")]);
    for name in ["max_tls_handshakes", "max_tls_handshakes_per_ip"] {
        let limit = format!("limit=\"{name}\" value=1 ");
        let text = log.text();
        let lines: Vec<_> = text.lines().filter(|line| line.contains(&limit)).collect();
        // The others are reported at the end of the runtime.
        assert_eq!(lines.len(), 2, "{lines:#?}");
        for words in ["WARN", "peer=127.0.0.1:", "TCP closed"] {
            assert!(lines[0].contains(words), "no `{words}` in: {}", lines[0]);
        }
        assert!(lines[1].contains("more=4"), "{}", lines[1]);
    }
}

#[test]
fn metrics_count_connections_of_http2_and_not_their_streams() {
    Log::subscribe();
    let seen = measured(async {
        let server = Server::start_encrypted(app(), |router| router, Transport::Http2).await;
        for _ in 0..3 {
            server.connect("/edge/echo").await.ask("hi", "hi").await;
        }
        let another = server.http2().await;
        let _stream = another.open("/edge/echo").await;
        let over_http1 = Request::upgrade("/edge/echo");
        let stream = server.tls(&["http/1.1"]).await;
        over_http1.connect_over(Box::new(stream)).await.ask("hi", "hi").await;
        until("all to be there", || server.hub().count() > 0).await;
    });
    expect_metrics(&seen, &[("robyn_ws_http2_connections_total ", "2")]);
}

#[test]
fn dropped_connections_of_a_proxy_are_counted_and_warned_of_with_what_to_change() {
    let log = Log::subscribe();
    let seen = measured(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let app = app().trusted_proxies(["127.0.0.1"]).proxy_protocol();
        let serving = tokio::spawn(app.serve_on(listener));
        send(address, b"PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n").await;
        for _ in 0..5 {
            send(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        }
        send(address, b"PROXY").await;
        serving.abort();
    });
    let refused = |reason| format!("robyn_ws_proxy_headers_refused_total reason={reason}");
    for (reason, count) in [("invalid", "1"), ("missing", "5"), ("ended", "1")] {
        expect_metrics(&seen, &[(&refused(reason), count)]);
    }
    let line = log.line(&["a connection of a trusted proxy was dropped"]);
    for words in [
        "WARN",
        "proxy=127.0.0.1:",
        "its line is malformed",
        "have the proxy send version 1 or 2",
    ] {
        assert!(line.contains(words), "no `{words}` in: {line}");
    }
    log.line(&["WARN", "more=5", "dropped for their PROXY headers"]);
}

#[test]
fn proxy_without_the_protocol_is_told_how_to_speak_it() {
    let log = Log::subscribe();
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let app = app().trusted_proxies(["127.0.0.1"]).proxy_protocol();
        let serving = tokio::spawn(app.serve_on(listener));
        send(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        serving.abort();
    });
    log.line(&[
        "WARN",
        "does not begin with a PROXY header",
        "`send-proxy-v2` of HAProxy",
        "`App::proxy_protocol`",
    ]);
}

/// Sends these bytes, and nothing more, and waits for the end of TCP.
async fn send(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("it reads");
    stream.shutdown().await.expect("it is open");
    ends(stream).await;
}

const DAY: Duration = Duration::from_hours(24);

#[test]
fn certificate_that_has_expired_or_will_soon_is_warned_of_when_it_is_read() {
    Log::subscribe();
    let now = SystemTime::now();
    let minute = Duration::from_mins(1);
    for (end, words) in [
        (
            now - 3 * DAY - minute,
            Some("the certificate has expired, so clients refuse it: renew it"),
        ),
        (now - minute, Some("has expired")),
        (
            now + minute,
            Some("the certificate expires soon: renew it, and call `Tls::reload` days=0"),
        ),
        (
            now + 13 * DAY + minute,
            Some("expires soon: renew it, and call `Tls::reload` days=13"),
        ),
        (now + 14 * DAY + minute, None),
        (now + 1000 * DAY, None),
    ] {
        let certificate = Certificate::until(end);
        let log = log_of(|| drop(certificate.tls()));
        match words {
            Some(words) => drop(log.line(&["WARN", words])),
            None => assert_eq!(log.text(), ""),
        }
    }
}

#[test]
fn reloaded_certificate_is_warned_of_by_the_name_of_its_file() {
    Log::subscribe();
    let folder = std::env::temp_dir().join(format!("robyn-ws-{}.expiry", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let write = |end| {
        let made = Certificate::until(end);
        fs::write(&certificate, made.certificate).expect("a file");
        fs::write(&key, made.key).expect("a file");
    };
    write(SystemTime::now() + 100 * DAY);
    let mut tls = None;
    let log = log_of(|| tls = Tls::from_pem_files(&certificate, &key).ok());
    assert_eq!(log.text(), "");
    write(SystemTime::now() + 2 * DAY + Duration::from_mins(1));
    let log = log_of(|| tls.expect("it is valid").reload().expect("it is valid"));
    log.line(&["WARN", "cert.pem` expires soon", "days=2"]);
    fs::remove_dir_all(folder).expect("it is there");
}
