//! The frames of compressed messages (RFC 7692 section 6).

use crate::wire::frame::{Frame, put_header};

/// Returns the payload of a single message.
pub(super) fn payload(frame: &Frame) -> Option<&[u8]> {
    match frame.pieces() {
        [header, payload] if !payload.is_empty() => Some(payload).filter(|_| !header.is_empty()),
        [all, _] => match all.get(1)? {
            126 => all.get(4..),
            127 => all.get(10..),
            _ => all.get(2..),
        },
    }
}

/// Returns the frame of the same message with a compressed payload.
pub(super) fn compressed(plain: &Frame, payload: &[u8]) -> Frame {
    const COMPRESSED: u8 = 0x40;
    const OPCODE: u8 = 0x0F;
    let opcode = plain.pieces()[0].first().map_or(0, |first| first & OPCODE);
    let mut frame = Vec::new();
    put_header(&mut frame, COMPRESSED | opcode, payload.len());
    frame.reserve_exact(payload.len());
    frame.extend_from_slice(payload);
    Frame::Short(frame.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::message::Message;

    #[test]
    fn payload_is_replaced_behind_a_header_that_tells_of_it() {
        for length in [1, 125, 126, 3000, 70_000] {
            let message = Message::from("x".repeat(length));
            let plain = Frame::message(&message);
            assert_eq!(payload(&plain), Some(message.as_bytes()));
            assert_eq!(compressed(&plain, b"abc").pieces().concat(), b"\xc1\x03abc");
        }
        let binary = Frame::message(&Message::from(vec![0; 5000]));
        assert_eq!(
            compressed(&binary, &[0; 200]).pieces().concat()[..4],
            [0xc2, 126, 0, 200]
        );
    }
}
