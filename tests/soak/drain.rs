//! The last thing that happens: a crowd is connected, and the server drains.

use std::{sync::Arc, time::Duration};

use robyn_ws::{CloseReason, Shutdown};
use robyn_ws_tests::Request;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    client::{Client, Outcome, check, tcp, within},
    ledger::Ticket,
    world::World,
};

const CROWD: u32 = 1000;
const GRACE: Duration = Duration::from_secs(20);

/// Everybody gets 1001, every close handler runs, and nobody comes in afterwards.
pub(crate) async fn run(world: &Arc<World>, shutdown: &Shutdown) {
    if let Err(trouble) = try_run(world, shutdown).await {
        world.ledger.violation(format!("drain: {trouble}"));
    }
}

async fn try_run(world: &Arc<World>, shutdown: &Shutdown) -> Outcome {
    let mut crowd = JoinSet::new();
    let paths = ["/echo", "/echo/async", "/session", "/party", "/mishap"];
    let count = world.clients.min(CROWD) as usize;
    let (here, mut everybody_here) = mpsc::channel::<()>(1);
    for path in paths.into_iter().cycle().take(count) {
        let (world, here) = (world.clone(), here.clone());
        crowd.spawn(async move {
            let (client, ticket) = world.enter_with(path, "&room=everybody", None).await?;
            // The channel is closed when everybody has got here, or has failed to.
            drop(here);
            sent_away(client, ticket).await
        });
    }
    drop(here);
    let _ = everybody_here.recv().await; // The channel only closes.
    let drained = within("the drain", shutdown.drain(GRACE)).await?;
    check((drained.closed, drained.cut) == (count, 0), || {
        format!("{drained:?} of {count} clients")
    })?;
    while let Some(outcome) = crowd.join_next().await {
        if let Ok(Err(trouble)) = outcome {
            world.ledger.violation(format!("drain: {trouble}"));
        }
    }
    let stream = tcp(world.address, None).await?;
    let (status, _client) = Client::ask(stream, &Request::upgrade("/echo?who=0")).await?;
    check(status.contains(" 503 "), || format!("after the drain: {status}"))
}

async fn sent_away(mut client: Client, mut ticket: Ticket) -> Outcome {
    let frame = client.reader.next().await?;
    check(frame.payload.starts_with(&1001_u16.to_be_bytes()), || {
        format!("expected 1001, got {frame:?}")
    })?;
    let _ = client.writer.close(1001, "").await; // The server may have dropped TCP.
    client.reader.end().await?;
    ticket.ended_because(&CloseReason::Shutdown).await?;
    Ok(())
}
