//! A client that makes and reads its frames itself, so that they can be as wrong as a test wants them.

use std::{fmt, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::{Pipe, Response, within};

/// The bit of a frame's first byte that says: the last one of its message.
pub const FIN: u8 = 0x80;
/// The opcode of a further fragment.
pub const CONTINUATION: u8 = 0x0;
/// The opcode of a text.
pub const TEXT: u8 = 0x1;
/// The opcode of bytes.
pub const BINARY: u8 = 0x2;
/// The opcode of a Close frame.
pub const CLOSE: u8 = 0x8;
/// The opcode of a ping.
pub const PING: u8 = 0x9;
/// The opcode of a pong.
pub const PONG: u8 = 0xA;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Makes a masked frame of its first byte (flags and opcode) and its payload.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = header(first, payload.len() as u64, true);
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// Makes the payload of a Close frame.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

fn header(first: u8, length: u64, masked: bool) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    if let Ok(short @ 0..=125) = u8::try_from(length) {
        bytes.push(mask | short);
    } else if let Ok(medium) = u16::try_from(length) {
        bytes.push(mask | 0x7e);
        bytes.extend_from_slice(&medium.to_be_bytes());
    } else {
        bytes.push(mask | 0x7f);
        bytes.extend_from_slice(&length.to_be_bytes());
    }
    bytes
}

/// A connected client without manners.
pub struct RawClient {
    stream: BufReader<Box<dyn Pipe>>,
    response: Response,
}

impl RawClient {
    pub(crate) const fn new(stream: BufReader<Box<dyn Pipe>>, response: Response) -> Self {
        Self { stream, response }
    }

    /// Gives the server's answer to the upgrade.
    pub const fn response(&self) -> &Response {
        &self.response
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        within("the server to read", sending)
            .await
            .expect("the connection is open");
    }

    /// Sends as many of the bytes as TCP takes, at least one. Dropped while it waits, it has sent nothing.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send_some(&mut self, bytes: &[u8]) -> usize {
        self.stream.write(bytes).await.expect("the connection is open")
    }

    /// Sends texts until TCP takes no more for a while.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send_as_much_as_is_taken(&mut self) {
        let texts = frame(FIN | TEXT, "x").repeat(10_000);
        while let Ok(sent) = timeout(Duration::from_millis(200), self.stream.write_all(&texts)).await {
            sent.expect("the connection is open");
        }
    }

    /// Sends a masked frame.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        self.send_bytes(&frame(first, payload)).await;
    }

    /// Sends a text.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send_text(&mut self, text: &str) {
        self.send(FIN | TEXT, text).await;
    }

    /// Sends only the header of a frame, which announces `length` bytes.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn announce(&mut self, first: u8, length: u64) {
        let mut bytes = header(first, length, true);
        bytes.extend_from_slice(&MASK);
        self.send_bytes(&bytes).await;
    }

    /// Sends a frame without a mask, which no client may do.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send_unmasked(&mut self, first: u8, payload: &[u8]) {
        let mut bytes = header(first, payload.len() as u64, false);
        bytes.extend_from_slice(payload);
        self.send_bytes(&bytes).await;
    }

    /// Gives the next frame: its first byte and its payload.
    ///
    /// # Panics
    ///
    /// If TCP ends, or none comes in time.
    pub async fn next(&mut self) -> (u8, Vec<u8>) {
        within("a frame", self.read_frame())
            .await
            .unwrap_or_else(|error| panic!("a frame was expected, but TCP ended: {error}"))
    }

    /// Reads some of the bytes that come next, at least one and at most so many. Returns how many.
    ///
    /// # Panics
    ///
    /// If TCP ends, or none comes in time.
    pub async fn read_some(&mut self, most: usize) -> usize {
        let mut bytes = vec![0; most];
        let read = within("some bytes", self.stream.read(&mut bytes)).await;
        let read = read.expect("the connection is open");
        assert_ne!(read, 0, "some bytes were expected, but TCP ended");
        read
    }

    async fn read_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            short @ 0..=125 => u64::from(short),
            126 => self.stream.read_u16().await?.into(),
            127 => self.stream.read_u64().await?,
            masked => panic!("a server does not mask, but the second byte is {masked:#x}"),
        };
        let length = usize::try_from(length).expect("a frame fits into memory");
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        Ok((first, payload))
    }

    /// Gives the next frame that is no ping, which the server may send to a quiet client at any time.
    async fn next_but_pings(&mut self) -> (u8, Vec<u8>) {
        loop {
            let frame = self.next().await;
            if frame.0 != FIN | PING {
                return frame;
            }
        }
    }

    /// Waits for this frame. A ping is passed over unless it is expected.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        let (got, got_payload) = if first == FIN | PING {
            self.next().await
        } else {
            self.next_but_pings().await
        };
        let words = String::from_utf8_lossy(&got_payload);
        assert_eq!(got, first, "the frame has the payload {words:?}");
        assert!(
            got_payload == payload.as_ref(),
            "{:?} was expected, but there came {words:?}",
            String::from_utf8_lossy(payload.as_ref())
        );
    }

    /// Waits for this text.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_text(&mut self, text: &str) {
        self.expect(FIN | TEXT, text).await;
    }

    /// Waits for a Close frame with this code, and gives its reason.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_close_code(&mut self, code: u16) -> String {
        let (first, payload) = self.next_but_pings().await;
        assert_eq!(first, FIN | CLOSE, "{:?}", String::from_utf8_lossy(&payload));
        let (got, reason) = payload.split_first_chunk().expect("a Close frame has a code");
        let reason = String::from_utf8(reason.to_vec()).expect("a close reason is text");
        assert_eq!(u16::from_be_bytes(*got), code, "{reason}");
        reason
    }

    /// Waits for this Close frame.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_close(&mut self, code: u16, reason: &str) {
        self.expect(FIN | CLOSE, close_payload(code, reason)).await;
    }

    /// Waits until the server has ended its half of TCP, in order.
    ///
    /// # Panics
    ///
    /// If something else comes, or TCP is reset.
    pub async fn expect_end(&mut self) {
        let mut left = Vec::new();
        let end = within("the end of TCP", self.stream.read_to_end(&mut left)).await;
        assert!(end.is_ok(), "TCP was not ended in order: {end:?}");
        assert_eq!(left, b"", "the end of TCP was expected");
    }

    /// Waits until TCP is over, in whichever way.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_end_or_reset(&mut self) {
        let mut left = Vec::new();
        let _ = within("the end of TCP", self.stream.read_to_end(&mut left)).await; // A reset is an end as well.
        assert_eq!(left, b"", "the end of TCP was expected");
    }

    /// Waits until TCP is over, in whichever way, and gives the frames before it.
    pub async fn frames_to_the_end(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Ok(frame) = within("a frame or the end of TCP", self.read_frame()).await {
            frames.push(frame);
        }
        frames
    }

    /// Ends our half of TCP, without a Close frame.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("the connection is open");
    }

    /// Resets TCP, as a client that crashes.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub fn reset(mut self) {
        self.stream.get_mut().reset();
    }
}

impl fmt::Debug for RawClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawClient")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
