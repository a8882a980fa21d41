//! Whole messages in the read buffer. Most messages are a single frame and need no decoder.
//!
//! A whole message is a complete masked frame that is not a fragment and is within the limits. The decoder handles all
//! other bytes: fragments, control frames, incomplete frames, extensions and errors.

use crate::wire::mask::unmask;

/// An unmasked message in the read buffer. Its text is not checked yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeMessage {
    pub(crate) is_text: bool,
    /// Start of the payload.
    pub(crate) start: usize,
    /// End of the payload.
    pub(crate) end: usize,
}

impl WholeMessage {
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Finds the message `at` this offset, of at most `longest` bytes, and unmasks it.
    #[inline]
    pub(crate) fn find(read: &mut [u8], at: usize, longest: usize) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    const LONGEST: usize = 1000;

    fn frame(first: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
        let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        [&[first], length, &MASK].concat().into_iter().chain(masked).collect()
    }

    #[test]
    fn message_in_one_frame_is_found_unmasked_where_it_stands() {
        let payload: Vec<u8> = (0..=255).cycle().take(LONGEST).collect();
        for (length, field) in [
            (0, vec![0x80]),
            (1, vec![0x81]),
            (125, vec![0xFD]),
            (126, vec![0xFE, 0, 126]),
            (LONGEST, vec![0xFE, 0x03, 0xE8]),
        ] {
            let payload = &payload[..length];
            let mut read = [b"before".as_slice(), &frame(0x82, &field, payload), b"behind"].concat();
            let whole = WholeMessage::find(&mut read, 6, LONGEST).expect("a whole message");
            assert_eq!((whole.is_text, whole.len()), (false, length));
            assert_eq!(&read[whole.start..whole.end], payload);
            assert_eq!(&read[whole.end..], b"behind");
        }
    }

    #[test]
    fn all_else_is_left_as_it_is() {
        let whole = frame(0x81, &[0x85], b"hello");
        for end in 0..whole.len() {
            assert_left(&whole[..end]);
        }
        for (first, length) in [
            (0x01, vec![0x85]),
            (0x80, vec![0x85]),
            (0xC1, vec![0x85]),
            (0x89, vec![0x85]),
            (0x88, vec![0x85]),
            (0x81, vec![0x05]),
            (0x81, vec![0xFE, 0x03, 0xE9]),
            (0x81, vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 5]),
        ] {
            assert_left(&frame(first, &length, &[b'x'; LONGEST + 1]));
        }
    }

    fn assert_left(bytes: &[u8]) {
        let mut read = bytes.to_vec();
        assert!(
            WholeMessage::find(&mut read, 0, LONGEST).is_none(),
            "{:x?}",
            &bytes[..bytes.len().min(16)]
        );
        assert_eq!(read, bytes);
    }
}
