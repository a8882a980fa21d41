//! Has the server fail, panic or close: each end has its code for the client and its reason for the close handler.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{BINARY, FIN, TEXT};

use super::pick;
use crate::{
    client::{Client, Outcome},
    world::World,
};

const PATH: &str = "/mishap";

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    match choices.u8(..10) {
        0 => panic_in_connect(world, choices).await,
        1 => panic_in_close(world).await,
        2 => session_returns(world, choices).await,
        _ => told(world, choices).await,
    }
}

/// Tells the message handler what to do.
async fn told(world: &World, choices: &mut Rng) -> Outcome {
    let (mut client, mut ticket) = world.enter(PATH).await?;
    for number in 0..choices.u8(0..3) {
        // An error that is a reply ends nothing.
        let text = format!("still here {number}");
        client
            .writer
            .text(&format!(r#"{{"do": "reply", "text": "{text}"}}"#))
            .await?;
        client.reader.expect(&text).await?;
    }
    let code = pick(choices, &[1000, 1001, 1008, 1013, 3000, 4999]);
    let server = || CloseReason::Server {
        code,
        reason: "as told".to_owned(),
    };
    let by_code = |what: &str| format!(r#"{{"do": "{what}", "code": {code}, "reason": "as told"}}"#);
    let just = |what: &str| format!(r#"{{"do": "{what}"}}"#);
    let (message, says_so, code, reason) = match choices.u8(..9) {
        0 => (just("panic"), false, 1011, CloseReason::HandlerPanic),
        1 => (just("panic_later"), false, 1011, CloseReason::HandlerPanic),
        2 => (just("panic_in_the_background"), false, 1011, CloseReason::HandlerError),
        3 => (just("fail"), false, 1011, CloseReason::HandlerError),
        4 => (by_code("refuse"), false, code, CloseReason::HandlerError),
        5 => (by_code("close"), true, code, server()),
        6 => (by_code("close_by_hub"), true, code, server()),
        7 => ("no JSON".to_owned(), false, 1007, CloseReason::InvalidPayload),
        _ => (just("no such thing"), false, 1007, CloseReason::InvalidPayload),
    };
    let kind = if choices.bool() { TEXT } else { BINARY };
    client.writer.send(FIN | kind, message.as_bytes()).await?;
    if says_so {
        client.reader.expect("closing").await?;
    }
    client.closed_by_server(code, choices.bool()).await?;
    ticket.ended_because(&reason).await?;
    Ok(())
}

async fn panic_in_connect(world: &World, choices: &mut Rng) -> Outcome {
    let mut ticket = world.ledger.announce();
    let target = format!("{PATH}?who={}&panic=connect", ticket.who);
    let mut client = Client::connect(world.address, &target, None).await?;
    client.closed_by_server(1011, choices.bool()).await?;
    ticket.ended_because(&CloseReason::HandlerPanic).await?;
    Ok(())
}

/// The client is told goodbye as if nothing had happened.
async fn panic_in_close(world: &World) -> Outcome {
    let (mut client, mut ticket) = world.enter_with(PATH, "&panic=close", None).await?;
    client.leave(4000, |_| Ok(())).await?;
    let reason = CloseReason::Client {
        code: 4000,
        reason: "bye".to_owned(),
    };
    ticket.ended_because(&reason).await?;
    Ok(())
}

/// A session handler that returns closes with 1000.
async fn session_returns(world: &World, choices: &mut Rng) -> Outcome {
    let (mut client, mut ticket) = world.enter("/session").await?;
    client.writer.text("return").await?;
    client.reader.expect("returning").await?;
    client.closed_by_server(1000, choices.bool()).await?;
    let reason = CloseReason::Server {
        code: 1000,
        reason: String::new(),
    };
    ticket.ended_because(&reason).await?;
    Ok(())
}
