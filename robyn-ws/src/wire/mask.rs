//! The mask of client frames.

/// Unmasks a part of a payload. The part begins with the first byte of `mask` (RFC 6455 section 5.3).
#[inline]
pub(crate) fn unmask(part: &mut [u8], mask: [u8; 4]) {
    let twice = u64::from(u32::from_ne_bytes(mask)) * 0x1_0000_0001;
    let (words, rest) = part.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}
