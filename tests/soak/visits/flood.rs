//! Floods the server with pings and reads late: pongs may be left out, but the last ping is answered, in order.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{FIN, PING, frame};

use crate::{
    client::{Outcome, Trouble, check},
    world::World,
};

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let (mut client, mut ticket) = world.enter_with("/echo", "", Some(4096)).await?;
    let count = choices.u32(100..5000);
    let flood: Vec<u8> = (1..=count)
        .flat_map(|number| frame(FIN | PING, [&number.to_be_bytes()[..], &[b'.'; 100]].concat()))
        .collect();
    // Nobody reads meanwhile, and yet the server does.
    client.writer.bytes(&flood).await?;
    client.writer.text("still there?").await?;
    let (mut last, mut pongs) = (0, 0_u32);
    loop {
        let frame = client.reader.next().await?;
        if !frame.is_pong() {
            check(frame.as_text() == "still there?", || {
                format!("expected the echo, got {frame:?}")
            })?;
            break;
        }
        let number = frame
            .payload
            .first_chunk()
            .map_or(0, |bytes| u32::from_be_bytes(*bytes));
        check(number > last, || {
            format!("the pong for {number} came after the one for {last}")
        })?;
        last = number;
        pongs += 1;
    }
    check(last == count, || {
        format!("{count} pings, {pongs} pongs, the last of them for {last}")
    })?;
    client
        .leave(1000, |frame| {
            Err(Trouble::new(format!("one frame too many: {frame:?}")))
        })
        .await?;
    let reason = CloseReason::Client {
        code: 1000,
        reason: "bye".to_owned(),
    };
    ticket.ended_because(&reason).await.map(drop)
}
