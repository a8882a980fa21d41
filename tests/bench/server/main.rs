//! `server PEER PORT WORKERS`: serves the endpoints of the benchmark with one of the peers.
//!
//! Each peer is one file, written as its own documentation writes it. What is the same for all is here.

mod channels;
mod peers;
mod queues;
mod typed;

use std::{env, future::Future, net::SocketAddr, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use robyn_ws_bench::raise_open_files;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [peer, port, workers] = &*words else {
        bail!("usage: server PEER PORT WORKERS");
    };
    let port: u16 = port.parse().context("a port is a number")?;
    let workers: usize = workers.parse().context("workers are counted")?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let _got = raise_open_files();
    match peer.as_str() {
        "floor" => peers::floor::serve(address),
        "robyn_ws" => on_tokio(workers, peers::robyn_ws::serve(address)),
        "axum" => on_tokio(workers, peers::axum_broadcast::serve(address)),
        "axum_mpsc" => on_tokio(workers, peers::axum_mpsc::serve(address)),
        "actix_ws" => peers::actix_ws::serve(address, workers),
        "jsonrpsee" => on_tokio(workers, peers::jsonrpsee::serve(address)),
        "fastwebsockets" => on_tokio(workers, peers::fastwebsockets::serve(address)),
        _ => bail!("no peer is called `{peer}`"),
    }
}

/// The same runtime for everyone who runs on tokio's own.
fn on_tokio(workers: usize, server: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(server)
}
