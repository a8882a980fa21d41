//! A room in which everybody publishes, joins and leaves at once. While one is in it, no publication of anybody is
//! missing, doubled or out of order; all that was queued is received.

use std::time::Duration;

use fastrand::Rng;
use futures_util::future::try_join_all;
use robyn_ws::CloseReason;
use tokio::{sync::watch, time::sleep};

use super::pick;
use crate::{
    client::{Client, Frame, Outcome, Trouble, check},
    ledger::Ticket,
    visits::hearing::Hearing,
    world::World,
};

pub(crate) const MOST_GUESTS: u32 = 12;

/// One of the party. Those who vanish have no client any more.
struct Guest {
    client: Option<Client>,
    ticket: Ticket,
    hearing: Hearing,
    /// How often it has published.
    said: u64,
}

/// What a guest does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Say,
    Join,
    Leave,
    Wait,
    Vanish,
}

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let room = format!("party-{}", world.ledger.number());
    let query = format!("&room={room}");
    let mut guests = Vec::new();
    for _ in 0..choices.u32(2..=MOST_GUESTS) {
        let (client, ticket) = world.enter_with("/party", &query, None).await?;
        guests.push(Guest {
            client: Some(client),
            ticket,
            hearing: Hearing::default(),
            said: 0,
        });
    }
    let rough = choices.u8(..3) == 0;

    let rounds = choices.u64(1..4);
    let all = guests.len() as u64;
    try_join_all(guests.iter_mut().map(|guest| guest.publish_to_all(rounds, all))).await?;

    let (left, _) = watch::channel(guests.len());
    let plans: Vec<Vec<Step>> = guests.iter().map(|_| plan(choices, rough)).collect();
    let parts = guests.iter_mut().zip(plans);
    try_join_all(parts.map(|(guest, plan)| guest.mingle(plan, &left))).await?;

    let said: Vec<(u64, u64)> = guests.iter().map(|guest| (guest.ticket.who, guest.said)).collect();
    try_join_all(guests.iter_mut().map(|guest| guest.go(&said))).await?;

    let tally = world.ledger.room(&room);
    world.ledger.forget_room(&room);
    let received: u64 = guests.iter().map(|guest| guest.hearing.received()).sum();
    let (queued, dropped) = (tally.queued.get(), tally.dropped.get());
    // Who vanished has left unread what was queued.
    let accounted = received == queued || (rough && received < queued);
    check(accounted && dropped == 0, || {
        format!("{queued} were queued for {all} guests and {dropped} dropped, but {received} received")
    })
}

fn plan(choices: &mut Rng, rough: bool) -> Vec<Step> {
    let steps = [
        Step::Say,
        Step::Say,
        Step::Say,
        Step::Say,
        Step::Join,
        Step::Leave,
        Step::Wait,
    ];
    let mut plan: Vec<Step> = (0..choices.usize(..20)).map(|_| pick(choices, &steps)).collect();
    if rough && choices.u8(..3) == 0 {
        plan.push(Step::Vanish);
    }
    plan
}

impl Guest {
    fn client(&mut self) -> Outcome<&mut Client> {
        self.client
            .as_mut()
            .ok_or_else(|| Trouble::new("a guest that has vanished is asked for more"))
    }

    /// Publishes while everybody is in the room: each publication is queued for all, and all of all arrive.
    async fn publish_to_all(&mut self, rounds: u64, all: u64) -> Outcome {
        for _ in 0..rounds {
            let answer = self.say().await?;
            check(answer == format!("said {all} 0"), || {
                format!("everybody is in the room, that is {all}, but the answer is {answer:?}")
            })?;
        }
        while self.hearing.received() < rounds * all {
            let frame = self.client()?.reader.next().await?;
            let answer = self.hearing.hear(&frame)?;
            check(answer.is_none(), || {
                format!("an answer that nobody asked for: {frame:?}")
            })?;
        }
        Ok(())
    }

    /// Does as planned, and listens on until everybody has.
    async fn mingle(&mut self, plan: Vec<Step>, left: &watch::Sender<usize>) -> Outcome {
        for step in plan {
            match step {
                Step::Say => {
                    let answer = self.say().await?;
                    check(answer.starts_with("said ") && answer.ends_with(" 0"), || {
                        format!("something was dropped: {answer:?}")
                    })?;
                }
                Step::Join => {
                    self.hearing.joining();
                    let answer = self.ask("join").await?;
                    check(answer == "joined true", || {
                        format!("the answer to `join` is {answer:?}")
                    })?;
                    self.hearing.joined();
                }
                Step::Leave => {
                    let was_in = self.hearing.is_in();
                    let answer = self.ask("leave").await?;
                    check(answer == format!("left {was_in}"), || {
                        format!("the answer to `leave` is {answer:?}")
                    })?;
                    self.hearing.left();
                }
                Step::Wait => sleep(Duration::from_millis(5)).await,
                Step::Vanish => {
                    if let Some(client) = self.client.take() {
                        client.reset();
                    }
                }
            }
        }
        left.send_modify(|left| *left -= 1);
        let Some(client) = &mut self.client else {
            return Ok(());
        };
        let mut left = left.subscribe();
        loop {
            let frame = tokio::select! {
                frame = client.reader.next() => frame?,
                _all = left.wait_for(|left| *left == 0) => return Ok(()),
            };
            self.hearing.hear(&frame)?;
        }
    }

    /// Leaves the party. All that everybody `said` has come by then.
    async fn go(&mut self, said: &[(u64, u64)]) -> Outcome {
        let Some(mut client) = self.client.take() else {
            return self.ticket.ended_because(&CloseReason::Abnormal).await.map(drop);
        };
        client.leave(1000, |frame| self.hearing.hear(&frame).map(drop)).await?;
        for &(who, count) in said {
            self.hearing.has_all_of(who, count)?;
        }
        let reason = CloseReason::Client {
            code: 1000,
            reason: "bye".to_owned(),
        };
        self.ticket.ended_because(&reason).await.map(drop)
    }

    /// Publishes, and gives the answer.
    async fn say(&mut self) -> Outcome<String> {
        let filler = ".".repeat(usize::try_from(self.said * 97 % 1500).unwrap_or_default());
        let message = format!("say {} {filler}", self.said);
        self.said += 1;
        self.ask(&message).await
    }

    /// Sends a command and gives its answer. What is published meanwhile is heard.
    async fn ask(&mut self, command: &str) -> Outcome<String> {
        self.client()?.writer.text(command).await?;
        loop {
            let frame: Frame = self.client()?.reader.next().await?;
            if let Some(answer) = self.hearing.hear(&frame)? {
                return Ok(answer);
            }
        }
    }
}
