//! Connects and disconnects as fast as it can, at every stage of the handshake. Whoever got as far as the connect handler
//! gets a close handler: the ledger knows, nobody waits here.

use fastrand::Rng;
use robyn_ws_tests::{CLOSE, FIN, Request, TEXT, close_payload, frame};

use super::{echo, pick};
use crate::{
    client::{Client, Outcome, tcp},
    world::World,
};

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    for _ in 0..choices.u8(5..30) {
        gust(world, choices).await?;
    }
    Ok(())
}

async fn gust(world: &World, choices: &mut Rng) -> Outcome {
    let path = pick(choices, &echo::PATHS);
    let request = Request::upgrade(&format!("{path}?who={}", world.ledger.number()));
    let stream = tcp(world.address, None).await?;
    let reset = choices.bool();
    // Each goes a step further. What cannot be sent any more need not be.
    let step = choices.u8(..6);
    if step >= 4 {
        let (_status, mut client) = Client::ask(stream, &request).await?;
        if step == 5 {
            let _ = client.writer.text("hello").await; // Sent or not, it leaves.
        }
        if reset {
            client.reset();
        }
        return Ok(());
    }
    if reset {
        let _ = stream.set_zero_linger(); // Without it, TCP ends with FIN.
    }
    let bytes = request.to_bytes();
    let bytes = match step {
        0 => Vec::new(),
        1 => bytes[..bytes.len() / 2].to_vec(),
        2 => bytes,
        // The whole life of a connection in one packet.
        _ => [
            bytes,
            frame(FIN | TEXT, "hello"),
            frame(FIN | CLOSE, close_payload(1000, "")),
        ]
        .concat(),
    };
    let _ = tokio::io::AsyncWriteExt::write_all(&mut { stream }, &bytes).await; // Sent or not, it leaves.
    Ok(())
}
