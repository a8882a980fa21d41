//! Text frames, as both sides send them (RFC 6455, section 5.2).

/// The key that hides what our clients send. One is as good as another here: the server's work is the same.
pub const CLIENT_MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const FINAL_TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;

/// A whole text message as a server sends it.
pub fn server_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = header(payload.len(), 0);
    frame.extend_from_slice(payload);
    frame
}

/// A whole text message as a client sends it.
pub fn client_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = header(payload.len(), MASKED);
    frame.extend_from_slice(&CLIENT_MASK);
    frame.extend(
        payload
            .iter()
            .zip(CLIENT_MASK.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    frame
}

fn header(length: usize, masked: u8) -> Vec<u8> {
    let mut header = vec![FINAL_TEXT];
    if let Ok(short @ 0..=125) = u8::try_from(length) {
        header.push(masked | short);
    } else if let Ok(medium) = u16::try_from(length) {
        header.push(masked | 0x7e);
        header.extend_from_slice(&medium.to_be_bytes());
    } else {
        header.push(masked | 0x7f);
        header.extend_from_slice(&(length as u64).to_be_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_the_shortest_form() {
        for (length, expected) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(server_frame(&vec![0; length]).len(), expected + length);
            assert_eq!(client_frame(&vec![0; length]).len(), expected + 4 + length);
        }
    }

    #[test]
    fn the_example_of_the_rfc_is_made() {
        assert_eq!(server_frame(b"Hello"), *b"\x81\x05Hello");
        assert_eq!(
            client_frame(b"Hello"),
            [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        );
    }
}
