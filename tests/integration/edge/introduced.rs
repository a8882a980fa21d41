//! The PROXY protocol in front of TLS.

use robyn_ws_tests::{Certificate, Http2, Request, Server, Transport, probe, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::edge::app;

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 127.0.0.1 4660 443\r\n";

/// As [`LINE`], in version 2.
const BINARY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\x12\x34\x01\xbb";

const CLIENT: &str = "192.0.2.7:4660";

/// Serves an app that expects the header of the PROXY protocol from this address.
async fn start(proxy: &str) -> Server {
    let (probe, _seen) = probe();
    let app = app(probe).trusted_proxies([proxy]).proxy_protocol();
    Server::start_encrypted(app, |router| router, Transport::Tls).await
}

/// Sends a header, and does the handshake of TLS behind it.
async fn tls(server: &Server, header: &[u8], protocol: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut stream = server.tcp().await;
    stream.write_all(header).await?;
    Certificate::common().handshake(stream, &[protocol]).await
}

#[tokio::test]
async fn handlers_behind_tls_see_the_client_that_a_proxy_introduces_in_both_versions() {
    let server = start("127.0.0.1").await;
    for header in [LINE, BINARY] {
        let stream = tls(&server, header, "http/1.1").await.expect("a handshake");
        let mut client = Request::upgrade("/edge/who").connect_over(Box::new(stream)).await;
        client.expect_text(CLIENT).await;
    }
}

#[tokio::test]
async fn handlers_behind_http2_see_the_client_that_a_proxy_introduces_in_both_versions() {
    let server = start("127.0.0.1").await;
    for header in [LINE, BINARY] {
        let stream = tls(&server, header, "h2").await.expect("a handshake");
        let http2 = Http2::begin(stream).await;
        // They share the connection that was introduced.
        for _ in 0..2 {
            let mut socket = http2.open("/edge/who").await;
            let mut text = [0; 2 + CLIENT.len()];
            let reading = within("a text", socket.read_exact(&mut text)).await;
            reading.expect("it is open");
            assert_eq!(&text[2..], CLIENT.as_bytes());
        }
    }
}

#[tokio::test]
async fn connection_of_a_trusted_proxy_that_begins_with_tls_is_dropped() {
    let server = start("127.0.0.1").await;
    for protocol in ["http/1.1", "h2"] {
        tls(&server, b"", protocol).await.expect_err("nobody is introduced");
    }
}

#[tokio::test]
async fn client_that_is_not_a_proxy_begins_with_tls_and_cannot_introduce_another() {
    let server = start("192.0.2.1").await;
    let stream = tls(&server, b"", "http/1.1").await.expect("a handshake");
    let address = stream.get_ref().0.local_addr().expect("it is open").to_string();
    let mut client = Request::upgrade("/edge/who").connect_over(Box::new(stream)).await;
    client.expect_text(&address).await;
    for header in [LINE, BINARY] {
        tls(&server, header, "http/1.1").await.expect_err("this is not TLS");
    }
}
