//! Never reads. The server holds no more than it may, gives up after its send time-out, and nobody else notices.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{BINARY, FIN, frame};
use tokio::task::yield_now;

use crate::{
    client::{Outcome, Trouble, check, within},
    world::World,
};

const PATH: &str = "/stall";

/// The kernel keeps this little for a client that does not read. It keeps more on the server's side.
const RECEIVE_BUFFER: Option<u32> = Some(4096);

const CHUNK: usize = 16 * 1024;

/// The kernel takes some megabytes before it takes no more.
const MOST_CHUNKS: usize = 4096;

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    match choices.u8(..3) {
        0 => poured_over(world).await,
        1 => sends_and_never_reads(world).await,
        _ => victim_in_a_room(world).await,
    }
}

/// A handler sends without end.
async fn poured_over(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter_with(PATH, "", RECEIVE_BUFFER).await?;
    client.writer.text("pour").await?;
    ticket.ended_because(&CloseReason::SlowConsumer).await?;
    // What had been queued before comes whole.
    for frame in client.reader.rest().await? {
        let whole = frame.payload.len() == CHUNK || frame.is_close();
        check(whole, || format!("the server poured {frame:?}"))?;
    }
    Ok(())
}

/// Wants replies and does not take them: the server stops reading, and TCP stops the client.
async fn sends_and_never_reads(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter_with(PATH, "", RECEIVE_BUFFER).await?;
    let chunk = frame(FIN | BINARY, [b'.'; CHUNK]);
    let send = async {
        for _ in 0..MOST_CHUNKS {
            // It fails when the server has given up.
            if client.writer.bytes(&chunk).await.is_err() {
                return Ok(());
            }
        }
        Err(Trouble::new(format!(
            "the server took {MOST_CHUNKS} messages of {CHUNK} bytes from a client that never reads"
        )))
    };
    tokio::select! {
        done = send => done?,
        ended = ticket.ended_because(&CloseReason::SlowConsumer) => return ended.map(drop),
    }
    ticket.ended_because(&CloseReason::SlowConsumer).await.map(drop)
}

/// A room with one that reads and one that does not: it is ended as soon as its queue is full, and the other one gets
/// everything.
async fn victim_in_a_room(world: &World) -> Outcome {
    let room = format!("stalled {}", world.ledger.number());
    let query = format!("&room={}", room.replace(' ', "%20"));
    let (mut reader, mut reader_ticket) = world.enter_with(PATH, &query, None).await?;
    let (victim, mut victim_ticket) = world.enter_with(PATH, &query, RECEIVE_BUFFER).await?;
    let tally = world.ledger.room(&room);
    let chunk = [b'.'; CHUNK];
    let mut rounds = 0;
    while tally.dropped.get() == 0 && rounds < MOST_CHUNKS as u64 {
        reader.writer.send(FIN | BINARY, &chunk).await?;
        let frame = reader.reader.next().await?;
        check(frame.payload == chunk, || {
            format!("published to the room, and got {frame:?}")
        })?;
        rounds += 1;
        // The frame may be here before the handler has counted it.
        let counted = async {
            while tally.queued.get() + tally.dropped.get() < 2 * rounds {
                yield_now().await;
            }
        };
        within("the count of a broadcast", counted).await?;
    }
    victim_ticket.ended_because(&CloseReason::SlowConsumer).await?;
    drop(victim);
    // The room has one member now.
    reader.writer.send(FIN | BINARY, &chunk).await?;
    reader.reader.next().await?;
    reader
        .leave(1000, |frame| {
            Err(Trouble::new(format!("one frame too many: {frame:?}")))
        })
        .await?;
    reader_ticket.ended().await?;
    let (queued, dropped) = (tally.queued.get(), tally.dropped.get());
    world.ledger.forget_room(&room);
    // Two each round, less the one that was too many for the victim, and the last one.
    let expected = 2 * rounds;
    check((queued, dropped) == (expected, 1), || {
        format!("after {rounds} rounds {queued} were queued and {dropped} dropped, expected {expected} and 1")
    })
}
