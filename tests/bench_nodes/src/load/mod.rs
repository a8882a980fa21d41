//! What is measured, and how it is told.

mod alone;
mod crowd;
mod outage;
mod steady;

use anyhow::Result;

use crate::{broker::Kind, serve::Peer};

/// What takes part.
const PEERS: [(Peer, Kind); 3] = [
    (Peer::RobynWs, Kind::Nats),
    (Peer::RobynWs, Kind::Redis),
    (Peer::Socketioxide, Kind::Redis),
];

pub(crate) fn run(quick: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        steady::compare(quick).await?;
        alone::compare(quick).await?;
        outage::compare(quick).await
    })
}
