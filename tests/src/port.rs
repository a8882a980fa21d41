//! Ports for servers of others that have to be told one.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// Lower than the ports that systems give to clients, so that no client takes one before its server listens.
const FIRST: u16 = 20_000;
const NUMBER: u16 = 10_000;

/// Returns an address that nobody listens on, another one each time.
///
/// # Panics
///
/// If all are taken.
pub fn free_address() -> SocketAddr {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(fastrand::u16(..NUMBER)));

    let mut ports = (0..NUMBER).map(|_| FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % NUMBER);
    let free = ports.find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    let free = free.expect("a port is free");
    free.local_addr().expect("the listener has an address")
}
