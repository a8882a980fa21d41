//! The client's side of permessage-deflate, by another library than the server's.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// The bit of a frame's first byte that says: the message is compressed.
pub const COMPRESSED: u8 = 0x40;

/// The end of a flushed stream, which is not sent.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Compresses and decompresses the messages of one client.
#[derive(Debug)]
pub struct Codec {
    compress: Compress,
    decompress: Decompress,
    keeps_context: bool,
}

impl Codec {
    /// Makes a codec for messages that stand alone.
    pub fn shared() -> Self {
        Self::new(false)
    }

    /// Makes a codec for messages that refer to those before them, in both directions.
    pub fn with_context() -> Self {
        Self::new(true)
    }

    fn new(keeps_context: bool) -> Self {
        Self {
            compress: Compress::new(Compression::default(), false),
            decompress: Decompress::new(false),
            keeps_context,
        }
    }

    /// Gives the payload of a compressed message.
    ///
    /// # Panics
    ///
    /// If the library fails.
    pub fn compress(&mut self, message: impl AsRef<[u8]>) -> Vec<u8> {
        let mut payload = self.flush(message.as_ref());
        assert!(payload.ends_with(&TAIL), "a flushed stream ends so");
        payload.truncate(payload.len() - TAIL.len());
        payload
    }

    /// Gives a compressed stream with its end.
    fn flush(&mut self, message: &[u8]) -> Vec<u8> {
        if !self.keeps_context {
            self.compress.reset();
        }
        let before = self.compress.total_in();
        let mut stream = Vec::with_capacity(message.len() + message.len() / 8 + 128);
        let status = self.compress.compress_vec(message, &mut stream, FlushCompress::Sync);
        status.expect("the library compresses");
        let read = self.compress.total_in() - before;
        assert_eq!(read, message.len() as u64, "there is room for all");
        stream
    }

    /// Gives the message with this compressed payload.
    ///
    /// # Panics
    ///
    /// If the payload is not valid, or the message is longer than 64 MiB.
    pub fn decompress(&mut self, payload: &[u8]) -> Vec<u8> {
        if !self.keeps_context {
            self.decompress.reset(false);
        }
        let stream = [payload, &TAIL].concat();
        let begin = self.decompress.total_in();
        let mut message = Vec::new();
        let mut is_stuck = false;
        loop {
            message.reserve(4096.max(message.len()));
            let (read, length) = (self.decompress.total_in(), message.len());
            let left = &stream[usize::try_from(read - begin).expect("it fits into memory")..];
            let status = self
                .decompress
                .decompress_vec(left, &mut message, FlushDecompress::Sync);
            status.expect("the payload is valid");
            // The library may pause in front of the rest.
            let has_paused = self.decompress.total_in() == read && message.len() == length;
            if has_paused && (is_stuck || left.is_empty()) {
                assert!(left.is_empty(), "the payload is valid");
                return message;
            }
            is_stuck = has_paused;
            assert!(message.len() < 64 << 20, "the message is too long");
        }
    }
}
