//! The header of a frame, checked as its bytes arrive (RFC 6455 section 5.2).

use crate::wire::received::ReadEnd;

/// Maximum payload of a control frame, in bytes (RFC 6455 section 5.5).
const MAX_CONTROL: u64 = 125;

/// Maximum length of a header: it has an 8-byte length and a masking key.
pub(crate) const MAX_HEADER: usize = 14;

/// The opcode of a frame (RFC 6455 section 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpCode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl OpCode {
    fn new(bits: u8) -> Result<Self, ReadEnd> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(ReadEnd::Protocol("reserved opcode")),
        })
    }

    pub(crate) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A valid header of a client's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) is_final: bool,
    /// Whether this is the first frame of a compressed message.
    pub(crate) is_compressed: bool,
    pub(crate) opcode: OpCode,
    pub(crate) payload: u64,
    pub(crate) mask: [u8; 4],
}

/// The state of the connection that a header is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// Whether a fragmented message is incomplete.
    pub(crate) in_message: bool,
    /// Number of payload bytes received of that message.
    pub(crate) message: usize,
    pub(crate) max_message: usize,
    pub(crate) max_frame: usize,
    /// Whether messages may be compressed.
    pub(crate) may_be_compressed: bool,
    /// Whether the incomplete message is compressed.
    pub(crate) is_compressed: bool,
}

impl Header {
    /// Parses the header at the beginning of `bytes`. Returns it with its length, or `None` if it is incomplete. A
    /// header that cannot become valid is refused at once.
    pub(crate) fn parse(bytes: &[u8], context: Context) -> Result<Option<(Self, usize)>, ReadEnd> {
        let Some((first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let FirstByte {
            is_final,
            is_compressed,
            opcode,
        } = check_first_byte(*first, context)?;
        let Some((second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let Some((payload, rest)) = parse_length(*second, opcode, rest)? else {
            return Ok(None);
        };
        if !opcode.is_control() {
            check_size(payload, is_compressed || context.is_compressed, context)?;
        }
        let Some((mask, rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let header = Self {
            is_final,
            is_compressed,
            opcode,
            payload,
            mask: *mask,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// The flags and the opcode.
struct FirstByte {
    is_final: bool,
    is_compressed: bool,
    opcode: OpCode,
}

/// Checks the flags and the opcode. Only the first frame of a message can say that it is compressed (RFC 7692 section
/// 6).
fn check_first_byte(byte: u8, context: Context) -> Result<FirstByte, ReadEnd> {
    const FINAL: u8 = 0x80;
    const COMPRESSED: u8 = 0x40;
    const RESERVED: u8 = 0x70;
    const OPCODE: u8 = 0x0F;
    let is_compressed = byte & RESERVED == COMPRESSED
        && context.may_be_compressed
        && matches!(OpCode::new(byte & OPCODE), Ok(OpCode::Text | OpCode::Binary));
    if byte & RESERVED != 0 && !is_compressed {
        return Err(ReadEnd::Protocol("reserved bits are set"));
    }
    let opcode = OpCode::new(byte & OPCODE)?;
    let is_final = byte & FINAL != 0;
    match opcode {
        OpCode::Continuation if !context.in_message => Err(ReadEnd::Protocol("continuation frame without a message")),
        OpCode::Text | OpCode::Binary if context.in_message => {
            Err(ReadEnd::Protocol("new message before the end of a fragmented one"))
        }
        control if control.is_control() && !is_final => Err(ReadEnd::Protocol("fragmented control frame")),
        opcode => Ok(FirstByte {
            is_final,
            is_compressed,
            opcode,
        }),
    }
}

/// Checks the mask bit and parses the length, which may continue in `rest`. Returns the length and the bytes after it.
fn parse_length(byte: u8, opcode: OpCode, rest: &[u8]) -> Result<Option<(u64, &[u8])>, ReadEnd> {
    const MASKED: u8 = 0x80;
    if byte & MASKED == 0 {
        return Err(ReadEnd::Protocol("unmasked frame from a client"));
    }
    let short = u64::from(byte & !MASKED);
    if opcode.is_control() && short > MAX_CONTROL {
        return Err(ReadEnd::Protocol("control frame longer than 125 bytes"));
    }
    Ok(match short {
        126 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest)),
        127 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from_be_bytes(*length), rest)),
        short => Some((short, rest)),
    })
}

/// Checks the length of a data frame and of its message. Bytes that do not compress become a little longer.
fn check_size(payload: u64, is_compressed: bool, context: Context) -> Result<(), ReadEnd> {
    let longest = |plain: usize| {
        let plain = plain as u64;
        if is_compressed { plain + plain / 64 + 64 } else { plain }
    };
    let message = payload.saturating_add(context.message as u64);
    if payload > longest(context.max_frame) || message > longest(context.max_message) {
        return Err(ReadEnd::TooBig);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: Context = Context {
        in_message: false,
        message: 0,
        max_message: 1000,
        max_frame: 500,
        may_be_compressed: false,
        is_compressed: false,
    };
    const IN_MESSAGE: Context = Context {
        in_message: true,
        message: 900,
        ..CONTEXT
    };

    #[test]
    fn header_is_refused_with_its_first_wrong_byte() {
        for (bytes, context) in [
            (&[0xC1][..], CONTEXT),
            (&[0x83], CONTEXT),
            (&[0x8B], CONTEXT),
            (&[0x09], CONTEXT),
            (&[0x80], CONTEXT),
            (&[0x81], IN_MESSAGE),
            (&[0x81, 0x05], CONTEXT),
            (&[0x89, 0xFE], CONTEXT),
        ] {
            let refused = Header::parse(bytes, context);
            assert!(matches!(refused, Err(ReadEnd::Protocol(_))), "{bytes:x?}: {refused:?}");
        }
    }

    #[test]
    fn only_the_first_frame_of_a_message_can_say_that_it_is_compressed() {
        let negotiated = Context {
            may_be_compressed: true,
            ..CONTEXT
        };
        let in_message = Context {
            in_message: true,
            is_compressed: true,
            ..negotiated
        };
        for first in [0xC1, 0xC2, 0x41, 0x42] {
            let parsed = Header::parse(&[first, 0x80, 1, 2, 3, 4], negotiated);
            assert!(
                matches!(
                    parsed,
                    Ok(Some((
                        Header {
                            is_compressed: true,
                            ..
                        },
                        6
                    )))
                ),
                "{first:x}: {parsed:?}"
            );
            assert!(matches!(Header::parse(&[first], CONTEXT), Err(ReadEnd::Protocol(_))));
        }
        for (first, context) in [
            (0xC0, in_message),
            (0x40, in_message),
            (0xC1, in_message),
            (0xC8, negotiated),
            (0xC9, negotiated),
            (0xCA, in_message),
            (0xE1, negotiated),
            (0xA1, negotiated),
            (0x91, negotiated),
        ] {
            let refused = Header::parse(&[first], context);
            assert!(matches!(refused, Err(ReadEnd::Protocol(_))), "{first:x}: {refused:?}");
        }
    }

    #[test]
    fn length_is_judged_before_the_mask_has_come() {
        for (bytes, context) in [
            (&[0x82, 0xFE, 0x01, 0xF5][..], CONTEXT),
            (&[0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0], CONTEXT),
            (&[0x80, 0xFE, 0x00, 101], IN_MESSAGE),
        ] {
            assert_eq!(Header::parse(bytes, context), Err(ReadEnd::TooBig), "{bytes:x?}");
        }
    }

    #[test]
    fn header_is_awaited_to_its_last_byte() {
        let whole = [0x82, 0xFE, 0x01, 0xF4, 1, 2, 3, 4];
        for end in 0..whole.len() {
            assert_eq!(Header::parse(&whole[..end], CONTEXT), Ok(None), "{end} bytes");
        }
        let header = Header {
            is_compressed: false,
            is_final: true,
            opcode: OpCode::Binary,
            payload: 500,
            mask: [1, 2, 3, 4],
        };
        assert_eq!(Header::parse(&whole, CONTEXT), Ok(Some((header, whole.len()))));
    }
}
