//! Many clients of one server, connected and upgraded.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use socket2::{Domain, Socket, Type};

/// The example of RFC 6455, section 1.3, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// How many wait for their answer at a time, fewer than a listener's queue holds.
const AT_ONCE: usize = 64;
/// How many come from one address: each address has some 28,000 ports.
const PER_ADDRESS: usize = 5_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Connects a client to each of the paths, in their order. The sockets are non-blocking when they are given.
pub(crate) fn connect(server: SocketAddr, paths: &[String]) -> Result<Vec<TcpStream>> {
    let mut clients = Vec::with_capacity(paths.len());
    for paths in paths.chunks(AT_ONCE) {
        let first = clients.len();
        for path in paths {
            let client = ask(server, first / PER_ADDRESS, path);
            clients.push(client.with_context(|| format!("client {} cannot connect", clients.len()))?);
        }
        for client in &mut clients[first..] {
            await_answer(client)?;
        }
    }
    Ok(clients)
}

/// Opens a connection and sends the request. 127.0.0.2 is the first address that clients come from.
fn ask(server: SocketAddr, address: usize, path: &str) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Reset when it is closed, so that no port is kept waiting.
    socket.set_linger(Some(Duration::ZERO))?;
    let own = Ipv4Addr::new(127, 0, 0, u8::try_from(address + 2)?);
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(&server.into())?;
    let mut client = TcpStream::from(socket);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    client.write_all(request.as_bytes())?;
    Ok(client)
}

fn await_answer(client: &mut TcpStream) -> Result<()> {
    let mut answer = [0; 2048];
    let mut length = 0;
    let end = loop {
        let read = client.read(&mut answer[length..]).context("no answer to the upgrade")?;
        ensure!(read > 0, "the server closed instead of answering the upgrade");
        length += read;
        if let Some(end) = answer[..length].windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ACCEPT) {
        bail!("the upgrade was answered with {head:?}");
    }
    ensure!(end == length, "the server sent something before it was asked");
    client.set_nonblocking(true)?;
    Ok(())
}
