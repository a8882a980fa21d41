//! Allocations for each message and for each connection, counted on the thread of the server.

use std::{net::SocketAddr, thread};

use allocation_counter::{AllocationInfo, measure};
use robyn_ws::{App, Compression, test_util::bytes_by_type};
use robyn_ws_tests::{FIN, Server, TEXT, frame, until};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::{
    clients::{Client, SAID, broadcasts, echoes},
    report::{at_most, say},
};

/// A server on a thread of its own: this one.
struct Counted {
    runtime: Runtime,
    server: Server,
}

impl Counted {
    fn start() -> Self {
        Self::start_with(App::new())
    }

    fn start_with(app: App) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be built");
        let server = runtime.block_on(Server::start(app));
        Self { runtime, server }
    }

    /// Serves until clients on another thread are done, and gives what was allocated meanwhile.
    fn while_clients<T: Send + 'static>(
        &self,
        act: impl FnOnce(SocketAddr) -> T + Send + 'static,
    ) -> (T, AllocationInfo) {
        let address = self.server.address();
        let (done, mut outcome) = oneshot::channel();
        let clients = thread::spawn(move || done.send(act(address)).map_err(drop));
        let mut result = None;
        let info = measure(|| {
            result = Some(self.runtime.block_on(&mut outcome));
        });
        clients
            .join()
            .expect("the clients are content")
            .expect("the outcome is awaited");
        (result.expect("it was awaited").expect("it was sent"), info)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no test allocates that much")]
fn per(number: usize, amount: u64) -> f64 {
    amount as f64 / number as f64
}

#[test]
fn echo_allocates_nothing_but_the_message_it_keeps() {
    let counted = Counted::start();
    let (clients, _warm) = counted.while_clients(|address| {
        let mut clients = Client::connect_many(8, address, "/echo");
        echoes(&mut clients, 1, 20);
        clients
    });
    let (mut clients, alone) = counted.while_clients(move |_| {
        let mut clients = clients;
        echoes(&mut clients, 1, 200);
        clients
    });
    at_most(
        1.05,
        "allocations for an echo, one at a time",
        per(8 * 200, alone.count_total),
    );
    at_most(70.0, "bytes allocated for it", per(8 * 200, alone.bytes_total));
    let (_clients, in_bursts) = counted.while_clients(move |_| {
        echoes(&mut clients, 16, 50);
        clients
    });
    let echoes = 8 * 50 * 16;
    at_most(
        1.05,
        "allocations for an echo, 16 in flight",
        per(echoes, in_bursts.count_total),
    );
    at_most(70.0, "bytes allocated for it", per(echoes, in_bursts.bytes_total));
}

#[test]
fn borrowed_message_is_handled_without_an_allocation() {
    const ROUNDS: usize = 20;
    const MESSAGES: usize = 200;

    let counted = Counted::start();
    for (path, quiet, last) in [
        ("/quiet", SAID, "answer"),
        ("/quiet_bytes", SAID, "answer"),
        ("/quiet_json", r#"{"text":"nothing"}"#, r#"{"text":"answer"}"#),
    ] {
        let messages = [frame(FIN | TEXT, quiet).repeat(MESSAGES), frame(FIN | TEXT, last)].concat();
        let exchange = move |client: &mut Client| client.exchange(&messages, b"\x81\x08answered");
        let ((mut client, exchange), _warm) = counted.while_clients(move |address| {
            let mut client = Client::connect(address, path);
            exchange(&mut client);
            (client, exchange)
        });
        let (_client, info) = counted.while_clients(move |_| {
            (0..ROUNDS).for_each(|_| exchange(&mut client));
            client
        });
        at_most(
            0.05,
            &format!("allocations for a message to {path}"),
            per(ROUNDS * MESSAGES, info.count_total),
        );
    }
}

#[test]
fn broadcast_allocates_nothing_for_each_recipient() {
    const RECIPIENTS: usize = 100;
    const ROUNDS: usize = 50;

    let counted = Counted::start();
    let (mut clients, _warm) = counted.while_clients(|address| {
        let mut clients = Client::connect_many(RECIPIENTS, address, "/fan_out");
        broadcasts(&mut clients, 1, 5);
        clients
    });
    let (_clients, info) = counted.while_clients(move |_| {
        broadcasts(&mut clients, 1, ROUNDS);
        clients
    });
    at_most(
        0.06,
        "allocations for a delivery",
        per(RECIPIENTS * ROUNDS, info.count_total),
    );
    at_most(
        6.1,
        "bytes allocated for it",
        per(RECIPIENTS * ROUNDS, info.bytes_total),
    );
}

#[test]
fn idle_connection_keeps_little_memory() {
    let (bytes, count) = kept_by_idle_connections(&Counted::start(), Client::connect);
    for (what, bytes) in bytes_by_type() {
        say(&format!("bytes of an idle connection, {what}: {bytes}"));
    }
    at_most(1250.0, "bytes that an idle connection keeps", bytes);
    at_most(4.5, "allocations that an idle connection keeps", count);
}

#[test]
fn compression_takes_little_memory_of_an_idle_connection() {
    let (plain, _) = kept_by_idle_connections(&Counted::start(), Client::connect);
    for compression in [Compression::shared(), Compression::dedicated(1000)] {
        let counted = Counted::start_with(App::new().compression(compression));
        let (compressing, _) = kept_by_idle_connections(&counted, Client::connect_compressing);
        let more = compressing - plain;
        at_most(256.0, "more bytes that an idle connection with compression keeps", more);
    }
}

/// Returns the bytes and the allocations that each connection keeps.
fn kept_by_idle_connections(counted: &Counted, connect: fn(SocketAddr, &str) -> Client) -> (f64, f64) {
    const CONNECTIONS: usize = 200;

    // What the first connection makes for all of them is not counted.
    let (_first, _warm) = counted.while_clients(move |address| {
        let mut first = connect(address, "/echo");
        echoes(std::slice::from_mut(&mut first), 1, 1);
        first
    });
    let hub = counted.server.hub().clone();
    let mut clients = Vec::new();
    let info = measure(|| {
        let address = counted.server.address();
        let connecting = thread::spawn(move || {
            let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| connect(address, "/echo")).collect();
            echoes(&mut clients, 1, 1);
            clients
        });
        counted.runtime.block_on(until("all to be connected", || {
            connecting.is_finished() && hub.count() == CONNECTIONS + 1
        }));
        clients = connecting.join().expect("the clients are content");
    });
    let bytes = u64::try_from(info.bytes_current).expect("they keep something");
    let count = u64::try_from(info.count_current).expect("they keep something");
    drop(clients);
    (per(CONNECTIONS, bytes), per(CONNECTIONS, count))
}
