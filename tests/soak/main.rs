//! A soak: thousands of clients that come, talk, misbehave and go, and a check of everything that they and the server
//! see. `cargo xtask soak` runs it in release; `--only VISIT` narrows it to one kind of visit.
//!
//! Server and clients are in one process, so that what the server counts can be compared with what the clients saw, but
//! each in a runtime of its own, so that the server's tasks can be counted. They talk over TCP on 127.0.0.1.
//!
//! Which client does what follows from the seed alone. When it happens does not: what a seed finds, it finds again in
//! most runs, not in all.

#![expect(
    clippy::large_futures,
    clippy::needless_pass_by_value,
    reason = "the future of a visit is as large as its sockets, and handlers have the shapes that users write"
)]

mod app;
mod census;
mod client;
mod drain;
mod ledger;
mod options;
mod progress;
mod round;
mod visits;
mod world;

use std::{process::ExitCode, sync::Arc, time::Instant};

use robyn_ws::{Shutdown, axum};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

use crate::{
    census::Census,
    ledger::Ledger,
    options::Options,
    progress::{Progress, grouped},
    world::World,
};

/// How much memory may stay after a round that the warm-up did not need: what the allocator keeps in pieces. In a minute
/// some 50,000 connections come and go, so a connection that leaves 1 KiB behind shows.
const MEMORY_TOLERANCE_MIB: u64 = 32;

fn main() -> ExitCode {
    let options = Options::read();
    let ledger = Ledger::default();
    watch_for_panics(&ledger);
    println!("soak: {options}");
    let counted = soak(&options, &ledger);
    println!("soak: {counted}");
    match ledger.violations() {
        0 => ExitCode::SUCCESS,
        count => {
            println!("soak: {count} violations; the choices come back with `cargo xtask soak {options}`");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything, and gives a summary.
fn soak(options: &Options, ledger: &Ledger) -> String {
    let started = Instant::now();
    let server = runtime("server");
    let clients = runtime("client");
    let (world, shutdown) = clients.block_on(open(options, ledger, &server));
    let progress = Progress::start(&world);
    let empty = Census::take(server.metrics().num_alive_tasks());

    let mut warm = None;
    let mut rounds = 0;
    while rounds < 2 || started.elapsed() < options.duration() {
        clients.block_on(round::run(options, &world, rounds));
        rounds += 1;
        let now = clients.block_on(round::settle(&world, empty, || server.metrics().num_alive_tasks()));
        progress.say(&format!("everybody has left after round {rounds}: {now}"));
        let warm = *warm.get_or_insert(now);
        if let Some(grown) = now.grown_since(warm)
            && grown > MEMORY_TOLERANCE_MIB
        {
            ledger.violation(format!(
                "memory: {grown} MiB more than after the warm-up, {MEMORY_TOLERANCE_MIB} are tolerated"
            ));
        }
    }
    clients.block_on(drain::run(&world, &shutdown));
    clients.block_on(round::settle(&world, empty, || server.metrics().num_alive_tasks()));
    progress.stop();

    server.shutdown_background();
    format!(
        "{rounds} rounds, {} connections, {} messages echoed, {} broadcast, memory within {MEMORY_TOLERANCE_MIB} MiB of \
         the warm-up's, {} s",
        grouped(ledger.counts.connections.get()),
        grouped(ledger.counts.echoes.get()),
        grouped(ledger.counts.broadcasts.get()),
        started.elapsed().as_secs()
    )
}

/// Starts the server.
async fn open(options: &Options, ledger: &Ledger, server: &Runtime) -> (Arc<World>, Shutdown) {
    let app = app::app(ledger.clone());
    let running = app.build().expect("the app is built");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    let listener = listener
        .into_std()
        .expect("a listener can be moved to the server's runtime");
    let service = running.router.into_make_service();
    server.spawn(async move {
        let listener = TcpListener::from_std(listener).expect("the runtime takes a listener");
        axum::serve(listener, service).await.expect("the server serves");
    });
    let world = World {
        address,
        hub: running.hub,
        ledger: ledger.clone(),
        room: Arc::new(Semaphore::new(options.clients as usize)),
        clients: options.clients,
    };
    (Arc::new(world), running.shutdown)
}

fn runtime(name: &str) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).thread_name(name).enable_all();
    builder.build().expect("a runtime can be started")
}

/// Panics that are meant stay quiet, all others are violations.
fn watch_for_panics(ledger: &Ledger) {
    let ledger = ledger.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.to_string().contains(app::MEANT) {
            ledger.violation(format!("a panic: {panic}"));
        }
    }));
}
