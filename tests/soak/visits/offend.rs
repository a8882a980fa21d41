//! Breaks the protocol, sometimes right behind good messages: those are answered, then the code comes that the mistake
//! deserves, then the end of TCP in order.

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT, close_payload, frame};

use super::{echo, pick};
use crate::{
    client::{Outcome, check},
    world::World,
};

/// Gives a mistake with the code and the reason it deserves.
fn mistake(choices: &mut Rng) -> (Vec<u8>, u16, CloseReason) {
    let bad_code = pick(choices, &[0, 999, 1005, 1006, 1015, 5000, 65535]);
    let masked_header = |length: [u8; 8]| [&[FIN | BINARY, 0xff][..], &length, &[1, 2, 3, 4]].concat();
    let protocol = |bytes| (bytes, 1002, CloseReason::ProtocolError);
    match choices.u8(..15) {
        0 => protocol(vec![FIN | TEXT, 2, b'h', b'i']),
        1 => protocol(frame(FIN | 0x40 | TEXT, "compressed, it says")),
        2 => protocol(frame(FIN | 0x3, "")),
        3 => protocol(frame(FIN | 0xb, "")),
        4 => protocol(frame(PING, "a ping in fragments")),
        5 => protocol(frame(FIN | PING, [b'.'; 126])),
        6 => protocol(frame(FIN | CONTINUATION, "of nothing")),
        7 => protocol([frame(TEXT, "never continued"), frame(FIN | TEXT, "another")].concat()),
        8 => protocol(frame(FIN | CLOSE, [3])),
        9 => protocol(frame(FIN | CLOSE, close_payload(bad_code, ""))),
        10 => (frame(FIN | TEXT, b"caf\xe9"), 1007, CloseReason::InvalidPayload),
        11 => (
            [
                frame(TEXT, b"in the second \xf0\x9f"),
                frame(FIN | CONTINUATION, b"\xa6 fragment"),
            ]
            .concat(),
            1007,
            CloseReason::InvalidPayload,
        ),
        // Nobody allocates that: the header alone decides.
        12 => (
            masked_header((1_u64 << 62).to_be_bytes()),
            1009,
            CloseReason::MessageTooBig,
        ),
        13 => (
            masked_header((1024 * 1024 + 1_u64).to_be_bytes()),
            1009,
            CloseReason::MessageTooBig,
        ),
        _ => (
            [
                frame(BINARY, vec![0; 1024 * 1024]),
                frame(FIN | CONTINUATION, "one too many"),
            ]
            .concat(),
            1009,
            CloseReason::MessageTooBig,
        ),
    }
}

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let path = pick(choices, &echo::PATHS);
    let (mut client, mut ticket) = world.enter(path).await?;
    let good = choices.u32(0..8);
    let (bad, code, reason) = mistake(choices);
    let mut bytes: Vec<u8> = (0..good)
        .flat_map(|number| frame(FIN | TEXT, number.to_string()))
        .collect();
    bytes.extend(bad);
    if choices.bool() {
        // Nothing behind a mistake is looked at.
        bytes.extend(frame(FIN | TEXT, "too late"));
    }
    client.writer.bytes(&bytes).await?;
    for number in 0..good {
        client.reader.expect(&number.to_string()).await?;
    }
    let polite = choices.bool();
    client.closed_by_server(code, polite).await?;
    let ended = ticket.ended_because(&reason).await?;
    let counted = path != "/session";
    check(!counted || ended.messages == u64::from(good), || {
        format!(
            "{good} messages came before the mistake, but the close handler saw {}",
            ended.messages
        )
    })
}
