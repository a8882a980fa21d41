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
}

impl Header {
    /// Parses the header at the beginning of `bytes`. Returns it with its length, or `None` if it is incomplete. A
    /// header that cannot become valid is refused at once.
    pub(crate) fn parse(bytes: &[u8], context: Context) -> Result<Option<(Self, usize)>, ReadEnd> {
        let Some((first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let (is_final, opcode) = check_first_byte(*first, context.in_message)?;
        let Some((second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let Some((payload, rest)) = parse_length(*second, opcode, rest)? else {
            return Ok(None);
        };
        if !opcode.is_control() {
            check_size(payload, context)?;
        }
        let Some((mask, rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let header = Self {
            is_final,
            opcode,
            payload,
            mask: *mask,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// Checks the flags and the opcode.
fn check_first_byte(byte: u8, in_message: bool) -> Result<(bool, OpCode), ReadEnd> {
    const FINAL: u8 = 0x80;
    const RESERVED: u8 = 0x70;
    const OPCODE: u8 = 0x0F;
    if byte & RESERVED != 0 {
        return Err(ReadEnd::Protocol("reserved bits are set"));
    }
    let opcode = OpCode::new(byte & OPCODE)?;
    let is_final = byte & FINAL != 0;
    match opcode {
        OpCode::Continuation if !in_message => Err(ReadEnd::Protocol("continuation frame without a message")),
        OpCode::Text | OpCode::Binary if in_message => {
            Err(ReadEnd::Protocol("new message before the end of a fragmented one"))
        }
        control if control.is_control() && !is_final => Err(ReadEnd::Protocol("fragmented control frame")),
        opcode => Ok((is_final, opcode)),
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

/// Checks the length of a data frame and of its message.
fn check_size(payload: u64, context: Context) -> Result<(), ReadEnd> {
    let message = payload.saturating_add(context.message as u64);
    if payload > context.max_frame as u64 || message > context.max_message as u64 {
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
            is_final: true,
            opcode: OpCode::Binary,
            payload: 500,
            mask: [1, 2, 3, 4],
        };
        assert_eq!(Header::parse(&whole, CONTEXT), Ok(Some((header, whole.len()))));
    }
}
