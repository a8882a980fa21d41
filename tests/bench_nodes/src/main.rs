//! Two nodes of one app on one broker, and what they cost: robyn-ws over NATS and Redis, and socketioxide over its Redis
//! adapter, in turns on one machine.
//!
//! The nodes are processes of this program (`serve`), the broker is one of its children, and the load comes from here. All
//! listen on 127.0.0.1 only.

mod broker;
mod load;
mod node;
mod process;
mod serve;

use std::net::SocketAddr;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures two nodes of one app on one broker.
#[derive(Debug, Parser)]
struct Options {
    /// Fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Serves as one node. The other commands start it.
    #[command(hide = true)]
    Serve {
        peer: serve::Peer,
        address: SocketAddr,
        /// The broker's URL, if there is one.
        broker: Option<String>,
    },
}

fn main() -> Result<()> {
    let options = Options::parse();
    match options.role {
        Some(Role::Serve { peer, address, broker }) => serve::run(peer, address, broker),
        None => load::run(options.quick),
    }
}
