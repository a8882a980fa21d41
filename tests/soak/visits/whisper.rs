//! Two that send to each other by id: in order, until one of them is gone, which the other is told.

use fastrand::Rng;

use crate::{
    client::{Client, Outcome, Trouble},
    ledger::Ticket,
    world::World,
};

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let (mut one, one_ticket) = world.enter("/party").await?;
    let (mut other, mut other_ticket) = world.enter("/party").await?;
    let (one_id, other_id) = (ask_id(&mut one).await?, ask_id(&mut other).await?);

    let count = choices.u32(1..50);
    let both = tokio::try_join!(
        exchange(&mut one, &other_id, &other_ticket, count),
        exchange(&mut other, &one_id, &one_ticket, count),
    );
    both?;

    if choices.bool() {
        other.leave(1000, |_| Ok(())).await?;
    } else {
        other.reset();
    }
    // When the close handler runs, the connection has left the hub.
    other_ticket.ended().await?;
    one.writer.text(&format!("tell {other_id} are you there?")).await?;
    one.reader.expect("not told: NotConnected").await?;
    one.leave(1000, |_| Ok(())).await
}

async fn ask_id(client: &mut Client) -> Outcome<String> {
    client.writer.text("id").await?;
    let frame = client.reader.next().await?;
    let id = frame.as_text().strip_prefix("id ").map(str::to_owned);
    id.ok_or_else(|| Trouble::new(format!("expected an id, got {frame:?}")))
}

/// Tells the peer `count` messages, one after the other, and hears as many.
async fn exchange(client: &mut Client, peer: &str, peer_ticket: &Ticket, count: u32) -> Outcome {
    let (mut told, mut heard) = (0, 0);
    client.writer.text(&format!("tell {peer} 0")).await?;
    while told < count || heard < count {
        let frame = client.reader.next().await?;
        if frame.as_text() == "told" {
            told += 1;
            if told < count {
                client.writer.text(&format!("tell {peer} {told}")).await?;
            }
        } else if frame.as_text() == format!("@{} {heard}", peer_ticket.who) {
            heard += 1;
        } else {
            return Err(Trouble::new(format!(
                "told {told}, heard {heard}, and then came {frame:?}"
            )));
        }
    }
    Ok(())
}
