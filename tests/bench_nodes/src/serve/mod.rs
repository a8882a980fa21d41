//! One node of an app with rooms. A message `ROOM TEXT` is broadcast to the room, its sender included.

mod robyn_ws;
mod socketioxide;

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    RobynWs,
    Socketioxide,
}

/// Serves until the process is killed, on one thread.
pub(crate) fn run(peer: Peer, address: SocketAddr, broker: Option<String>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match peer {
            Peer::RobynWs => robyn_ws::serve(address, broker).await,
            Peer::Socketioxide => socketioxide::serve(address, &broker.context("it is not measured alone")?).await,
        }
    })
}
