//! Says nothing: whoever does not even answer pings is lost, whoever does is idle in the end.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{FIN, PING, PONG};

use crate::{
    client::{Outcome, check, within},
    world::World,
};

const PATH: &str = "/quiet";

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    match choices.u8(..3) {
        0 => dead(world).await,
        1 => idle(world).await,
        _ => half_open(world).await,
    }
}

/// Reads, but answers nothing: it is pinged, and then TCP ends without a Close frame.
async fn dead(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter(PATH).await?;
    let frames = client.reader.rest().await?;
    let pinged = !frames.is_empty() && frames.iter().all(|frame| frame.first == FIN | PING);
    check(pinged, || format!("expected pings and the end of TCP, got {frames:?}"))?;
    ticket.ended_because(&CloseReason::HeartbeatTimeout).await.map(drop)
}

/// Neither reads nor answers, as a peer behind a cut link.
async fn half_open(world: &World) -> Outcome {
    let (client, mut ticket) = world.enter(PATH).await?;
    ticket.ended_because(&CloseReason::HeartbeatTimeout).await?;
    drop(client);
    Ok(())
}

/// Answers pings, which is no message.
async fn idle(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter(PATH).await?;
    client.writer.text("the last word").await?;
    client.reader.expect("the last word").await?;
    let mut pings = 0;
    let close = loop {
        let frame = client.reader.next().await?;
        if frame.first != FIN | PING {
            break frame;
        }
        pings += 1;
        client.writer.send(FIN | PONG, &frame.payload).await?;
    };
    let idle = close.is_close() && close.payload.starts_with(&1001_u16.to_be_bytes());
    check(idle && pings > 0, || {
        format!("after {pings} pings came {close:?}, expected 1001")
    })?;
    client.writer.close(1001, "").await?;
    within("the end of TCP", client.reader.end()).await??;
    ticket.ended_because(&CloseReason::IdleTimeout).await.map(drop)
}
