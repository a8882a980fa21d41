//! The options of plain TCP, and its end.

use futures_util::FutureExt;
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

/// Number of unsent bytes that the kernel keeps while the peer's window is closed. The default is megabytes. A slow
/// peer would then make no progress until a third of them is sent, and would look like a peer that reads nothing.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 16 * 1024;

/// Sets the options of a connection. A socket that refuses an option still works.
pub(crate) fn tune_stream(stream: &TcpStream) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    tune(&SockRef::from(stream));
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = stream.set_nodelay(true);
}

/// Sets the options of a connection, unless the socket has inherited them from its listener: each call costs as much as
/// a part of the handshake. A socket that refuses an option still works.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn tune(socket: &SockRef<'_>) {
    if socket.tcp_notsent_lowat().ok() != Some(UNSENT) {
        // Frames are written whole. Nagle's algorithm would only delay them.
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
    }
}

/// Returns `true` if the peer has closed or reset TCP, without reading.
pub(super) fn is_closed(stream: &TcpStream) -> bool {
    match stream.ready(Interest::READABLE).now_or_never() {
        Some(Ok(ready)) => ready.is_read_closed(),
        Some(Err(_)) => true,
        None => false,
    }
}
