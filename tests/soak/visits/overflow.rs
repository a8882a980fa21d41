//! A room of slow readers, to which more is published than they take: every message is received, or counted as dropped.

use std::time::Duration;

use fastrand::Rng;
use robyn_ws_tests::{CLOSE, FIN, TEXT};
use tokio::time::{Instant, sleep};

use super::pick;
use crate::{
    client::{Client, Frame, Outcome, Trouble, check, within},
    ledger::Ticket,
    world::World,
};

pub(crate) const MOST_GUESTS: u32 = 8;

/// One of the room.
struct Guest {
    client: Client,
    ticket: Ticket,
    /// How long it takes over each message.
    pace: Duration,
}

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let path = pick(choices, &["/newest", "/oldest"]);
    let room = format!("overflow-{}", world.ledger.number());
    let mut guests = Vec::new();
    for _ in 0..choices.u32(3..=MOST_GUESTS) {
        let ticket = world.ledger.announce();
        let target = format!("{path}?who={}&room={room}", ticket.who);
        guests.push(Guest {
            client: Client::connect(world.address, &target, Some(4096)).await?,
            ticket,
            pace: Duration::from_millis(pick(choices, &[0, 2, 10])),
        });
    }
    let tally = world.ledger.room(&room);
    let all = guests.len() as u64;
    let joined = async {
        while tally.joined.get() < all {
            sleep(Duration::from_millis(5)).await;
        }
    };
    within("everybody to be in the room", joined).await?;

    let seeds: Vec<Rng> = guests.iter().map(|_| choices.fork()).collect();
    let rooms = guests.iter_mut().zip(seeds);
    let received = futures_util::future::try_join_all(rooms.map(|(guest, choices)| guest.take_part(choices))).await?;
    world.ledger.forget_room(&room);

    let received: u64 = received.into_iter().sum();
    let (broadcasts, queued, dropped) = (tally.broadcasts.get(), tally.queued.get(), tally.dropped.get());
    // A message that had been queued is dropped there for a newer one, here the newer one is dropped.
    let (expected, offered) = if path == "/oldest" {
        (queued - dropped, queued)
    } else {
        (queued, queued + dropped)
    };
    check(received == expected, || {
        format!("{path}: {queued} were queued and {dropped} dropped, but {received} received")
    })?;
    check(offered <= broadcasts * all, || {
        format!("{path}: {broadcasts} broadcasts to {all} clients cannot be {offered} messages")
    })
}

impl Guest {
    /// Publishes, says goodbye, and reads to the end. Gives how many messages came.
    async fn take_part(&mut self, mut choices: Rng) -> Outcome<u64> {
        let who = self.ticket.who;
        let Client { reader, writer } = &mut self.client;
        let publish = async {
            for number in 0..choices.u32(5..60) {
                let filler = ".".repeat(choices.usize(0..16_000));
                writer
                    .send(FIN | TEXT, format!("{who} {number} {filler}").as_bytes())
                    .await?;
                if choices.u8(..8) == 0 {
                    sleep(Duration::from_millis(choices.u64(..20))).await;
                }
            }
            writer.send(FIN | CLOSE, &1000_u16.to_be_bytes()).await
        };
        let hear = async {
            let (mut received, mut last) = (0, std::collections::HashMap::new());
            let started = Instant::now();
            loop {
                let frame = reader.next().await?;
                if frame.is_close() {
                    reader.end().await?;
                    return Ok(received);
                }
                received += 1;
                let (who, number) = publication(&frame)?;
                let earlier = last.insert(who, number);
                check(earlier.is_none_or(|earlier| earlier < number), || {
                    format!("{who} published {number} after {earlier:?}")
                })?;
                // Slow, but not so slow that the server's patience with the close handshake ends.
                if started.elapsed() < Duration::from_secs(2) {
                    sleep(self.pace).await;
                }
            }
        };
        let ((), received) = tokio::try_join!(publish, hear)?;
        self.ticket.ended().await?;
        Ok(received)
    }
}

/// Reads who published a message, and the how manieth of theirs it is.
fn publication(frame: &Frame) -> Outcome<(u64, u32)> {
    let mut words = frame.as_text().split(' ');
    let mut number = || words.next()?.parse::<u64>().ok();
    let publication = number().zip(number());
    publication
        .and_then(|(who, number)| Some((who, u32::try_from(number).ok()?)))
        .ok_or_else(|| Trouble::new(format!("nobody published {frame:?}")))
}
