//! Whole messages in what was read. Most of what comes is a message in one frame, and needs no decoder.
//!
//! Taken here is only a masked frame that has all come, is a message by itself and is within its limits. All else is the
//! decoder's: fragments, control frames, what is cut off, extensions, and whatever is wrong.

use crate::connection::decoder::unmask;

/// A message that lies unmasked in the buffer it was read into. Its text is not checked yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    pub(super) is_text: bool,
    /// Where its payload begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Whole {
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Finds the message that stands `at` a place of what was read, of at most so many bytes, and unmasks it.
    #[inline]
    pub(super) fn find(read: &mut [u8], at: usize, longest: usize) -> Option<Self> {
        const SINGLE_TEXT: u8 = 0x81;
        const SINGLE_BINARY: u8 = 0x82;
        const MASKED: u8 = 0x80;

        let bytes = read.get_mut(at..)?;
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
        unmask(bytes.get_mut(header..header + length)?, mask);
        Some(Self {
            is_text: first == SINGLE_TEXT,
            start: at + header,
            end: at + header + length,
        })
    }
}
