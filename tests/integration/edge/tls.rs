//! TLS: handshakes, their limits, and the protocols that a client can choose.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Certificate, Request, Server, Transport, probe, until, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

use crate::edge::app;

async fn start(limits: Limits) -> Server {
    let (probe, _seen) = probe();
    Server::start_encrypted(app(probe).limits(limits), |router| router, Transport::Tls).await
}

#[tokio::test]
async fn app_is_served_over_tls() {
    let server = start(Limits::default()).await;
    let mut client = server.connect("/edge/echo").await;
    client.ask("hi", "hi").await;
    let long = "x".repeat(1_000_000);
    client.ask(long.as_str(), &long).await;
    client.leave().await;
}

#[tokio::test]
async fn client_that_says_nothing_keeps_nobody_waiting_and_is_left() {
    let limits = Limits::default().tls_handshake_timeout(Duration::from_millis(300));
    let server = start(limits).await;
    let mut silent = server.tcp().await;
    let mut half_a_hello = server.tcp().await;
    half_a_hello.write_all(b"\x16\x03\x01\x02").await.expect("it reads");
    server.connect("/edge/echo").await.ask("hi", "hi").await;
    for stream in [&mut silent, &mut half_a_hello] {
        let mut left = Vec::new();
        let end = within("the end of TCP", stream.read_to_end(&mut left)).await;
        assert!(end.is_ok_and(|length| length == 0));
    }
}

#[tokio::test]
async fn handshake_above_the_limit_is_refused_until_another_one_ends() {
    let server = start(Limits::default().max_tls_handshakes(1)).await;
    let mut first = server.tcp().await;
    first.write_all(b"\x16").await.expect("it reads");
    // The server accepts in order, but each client in its own task.
    let refused = async {
        loop {
            let mut second = server.tcp().await;
            let certificate = Certificate::common();
            let mut left = [0];
            if tokio::time::timeout(Duration::from_millis(50), second.read(&mut left))
                .await
                .is_ok()
            {
                return certificate;
            }
        }
    };
    within("a refusal", refused).await;
    drop(first);
    let accepted = async {
        while Certificate::common().handshake(server.tcp().await, &[]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    within("a free place", accepted).await;
}

#[tokio::test]
async fn client_chooses_its_protocol() {
    let server = start(Limits::default()).await;
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some(&b"h2"[..])),
        (&["http/1.1"], Some(b"http/1.1")),
        (&["http/1.1", "h2"], Some(b"h2")),
        (&[], None),
    ] {
        let stream = server.tls(offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{offered:?}");
    }
    // Without a choice it is HTTP/1.1.
    let stream = server.tls(&[]).await;
    let mut client = Request::upgrade("/edge/echo").connect_over(Box::new(stream)).await;
    client.ask("hi", "hi").await;
    let unknown = Certificate::common().handshake(server.tcp().await, &["spdy/3"]).await;
    assert!(unknown.is_err_and(|error| error.to_string().contains("ApplicationProtocol")));
}

#[tokio::test]
async fn http2_is_not_offered_by_http1_only() {
    let (probe, _seen) = probe();
    let app = app(probe).tls(Certificate::common().tls().http1_only());
    let server = Server::start_as_served(app, |router| router).await;
    let stream = server.tls(&["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn messages_do_not_wait_for_acknowledgements() {
    let server = start(Limits::default()).await;
    let mut client = server.connect("/edge/echo").await;
    let begun = Instant::now();
    for _ in 0..50 {
        // Two replies, of which Nagle's algorithm would hold back the second for 40 ms.
        client.send("one").await;
        client.send("two").await;
        client.expect_texts(&["one", "two"]).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn client_that_vanishes_without_the_closure_alert_is_abnormal() {
    let (probe, mut seen) = probe();
    let server = Server::start_encrypted(app(probe), |router| router, Transport::Tls).await;
    let client = server.raw("/edge/noted").await;
    seen.expect("connect").await;
    drop(client);
    seen.expect("Abnormal").await;
    until("nobody to be left", || server.hub().count() == 0).await;
}

#[tokio::test]
async fn plain_http_at_a_port_of_tls_ends_soon() {
    let server = start(Limits::default()).await;
    let mut stream = server.tcp().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    let _ = within("the end of TCP", stream.read_to_end(&mut answer)).await; // A reset is an end as well.
    assert!(!answer.starts_with(b"HTTP"));
}

#[tokio::test]
async fn page_without_encryption_is_of_another_origin() {
    let (probe, _seen) = probe();
    for transport in [Transport::Tls, Transport::Http2] {
        let server = Server::start_encrypted(app(probe.clone()), |router| router, transport).await;
        let page_of = |scheme: &str| {
            let host = Request::upgrade("/edge/echo");
            host.header("Origin", format!("{scheme}://localhost"))
        };
        page_of("http").refused(&server).await.expect(403, "this origin");
        page_of("https").connect(&server).await.ask("hi", "hi").await;
    }
}

#[tokio::test]
async fn scheme_of_a_page_is_unknown_behind_a_trusted_proxy_that_does_not_name_it() {
    let (probe, _seen) = probe();
    for transport in [Transport::Tls, Transport::Http2] {
        let app = app(probe.clone()).trusted_proxies(["127.0.0.1"]);
        let server = Server::start_encrypted(app, |router| router, transport).await;
        let page_of = |scheme: &str| {
            let client = Request::upgrade("/edge/echo").header("X-Forwarded-For", "192.0.2.7");
            client.header("Origin", format!("{scheme}://localhost"))
        };
        for scheme in ["http", "https"] {
            page_of(scheme).connect(&server).await.ask("hi", "hi").await;
            let named = page_of(scheme).header("X-Forwarded-Proto", scheme);
            named.connect(&server).await.ask("hi", "hi").await;
        }
        let other = page_of("http").header("X-Forwarded-Proto", "https");
        other.refused(&server).await.expect(403, "this origin");
    }
}

#[test]
fn main_can_return_the_error_of_a_certificate() {
    fn app() -> Result<App, ServeError> {
        Ok(App::new().tls(Tls::from_pem_files("no/such/cert.pem", "no/such/key.pem")?))
    }

    let error = app().expect_err("there is no such file");
    assert!(
        format!("{error:?}").starts_with("cannot read `no/such/cert.pem`: "),
        "{error}"
    );
}

#[tokio::test]
async fn app_with_tls_is_not_built_for_another_server() {
    let (probe, _seen) = probe();
    let app = app(probe).tls(Certificate::common().tls());
    let errors = app.build().expect_err("nobody would encrypt").to_string();
    assert!(errors.contains("`App::tls` concerns `App::serve`"), "{errors}");
    assert!(errors.contains("tests/integration/edge/tls.rs:"), "{errors}");
}
