//! Says nothing: whoever does not even answer pings is lost, whoever does is idle in the end.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{FIN, PING, PONG};

use crate::{
    client::{Frame, Outcome, check, within},
    world::World,
};

/// Whoever answers no ping is lost within two seconds.
const QUIET: &str = "/quiet";
/// Whoever is late to answer, as clients on a loaded machine are, is not lost.
const IDLE: &str = "/idle";

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    match choices.u8(..3) {
        0 => dead(world).await,
        1 => idle(world).await,
        _ => half_open(world).await,
    }
}

/// Reads, but answers nothing: it is pinged, and then TCP ends without a Close frame.
async fn dead(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter(QUIET).await?;
    let frames = client.reader.rest().await?;
    let pinged = !frames.is_empty() && frames.iter().all(|frame| frame.first == FIN | PING);
    check(pinged, || format!("expected pings and the end of TCP, got {frames:?}"))?;
    ticket.ended_because(&CloseReason::HeartbeatTimeout).await.map(drop)
}

/// Neither reads nor answers, as a peer behind a cut link.
async fn half_open(world: &World) -> Outcome {
    let (client, mut ticket) = world.enter(QUIET).await?;
    ticket.ended_because(&CloseReason::HeartbeatTimeout).await?;
    drop(client);
    Ok(())
}

/// Answers pings, which is no message.
async fn idle(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter(IDLE).await?;
    client.writer.text("the last word").await?;
    let close = loop {
        let frame = client.reader.next().await?;
        if frame.first == FIN | PING {
            client.writer.send(FIN | PONG, &frame.payload).await?;
        } else if frame != Frame::text("the last word") {
            break frame;
        }
    };
    check(
        close.is_close() && close.payload.starts_with(&1001_u16.to_be_bytes()),
        || format!("expected 1001, got {close:?}"),
    )?;
    client.writer.close(1001, "").await?;
    within("the end of TCP", client.reader.end()).await??;
    ticket.ended_because(&CloseReason::IdleTimeout).await.map(drop)
}
