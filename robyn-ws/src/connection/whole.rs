//! Whole messages in what was read. Most of what comes is a message in one frame, and needs no decoder.
//!
//! Taken here is only a masked frame that has all come, is a message by itself and is within its limits. All else is the
//! decoder's: fragments, control frames, what is cut off, extensions, and whatever is wrong.

use std::ops::Range;

use crate::connection::decoder::unmask;

/// A message that lies unmasked in the buffer it was read into. Its text is not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(super) is_text: bool,
    pub(super) payload: Range<usize>,
}

impl Whole {
    pub(crate) fn len(&self) -> usize {
        self.payload.len()
    }

    /// Finds the message that stands at the beginning of `bytes`, of at most so many bytes, and unmasks it.
    #[inline]
    pub(super) fn find(bytes: &mut [u8], longest: usize) -> Option<Self> {
        const SINGLE_TEXT: u8 = 0x81;
        const SINGLE_BINARY: u8 = 0x82;
        const MASKED: u8 = 0x80;

        let (&[first @ (SINGLE_TEXT | SINGLE_BINARY), second], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (length, rest, header) = match second.checked_sub(MASKED)? {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*length)), rest, 8)
            }
            127 => return None,
            short => (usize::from(short), rest, 6),
        };
        let mask = *rest.first_chunk()?;
        if length > longest {
            return None;
        }
        let payload = header..header + length;
        unmask(bytes.get_mut(payload.clone())?, mask, 0);
        Some(Self {
            is_text: first == SINGLE_TEXT,
            payload,
        })
    }
}
