//! A client that makes and reads its frames itself, and says what went wrong instead of panicking.

use std::{fmt, io, net::SocketAddr, time::Duration};

use robyn_ws_tests::{ACCEPT, CLOSE, CONTINUATION, FIN, PONG, Request, TEXT, close_payload, frame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{sleep, timeout},
};

/// How long anything may take that has to come. Two cores with thousands of clients are slow at times.
const PATIENCE: Duration = Duration::from_mins(1);

/// The largest frame that any visit is sent.
const LARGEST: usize = 1024 * 1024;

/// How much a read can take at least.
const READ: usize = 4096;

/// What a visit saw that must not be.
#[derive(Debug)]
pub(crate) struct Trouble(String);

impl Trouble {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Trouble>;

/// Fails with `what` unless `holds`.
pub(crate) fn check(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Trouble::new(what())) }
}

/// Waits for what has to come.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Outcome<T> {
    let outcome = timeout(PATIENCE, future).await;
    outcome.map_err(|_elapsed| Trouble::new(format!("waited {PATIENCE:?} for {what}")))
}

/// A frame as it came. Its bytes are shown as text, and not all of them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn text(text: &str) -> Self {
        Self {
            first: FIN | TEXT,
            payload: text.into(),
        }
    }

    /// Gives the payload as text, or the empty text.
    pub(crate) fn as_text(&self) -> &str {
        std::str::from_utf8(&self.payload).unwrap_or_default()
    }

    pub(crate) fn is_pong(&self) -> bool {
        self.first == FIN | PONG
    }

    pub(crate) fn is_close(&self) -> bool {
        self.first == FIN | CLOSE
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = &self.payload[..self.payload.len().min(60)];
        let (first, length) = (self.first, self.payload.len());
        write!(
            f,
            "{first:#04x} with {length} bytes {:?}",
            String::from_utf8_lossy(start)
        )
    }
}

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
}

impl Client {
    /// Upgrades. With `receive_buffer` the kernel keeps little for a client that does not read.
    pub(crate) async fn connect(server: SocketAddr, target: &str, receive_buffer: Option<u32>) -> Outcome<Self> {
        let stream = tcp(server, receive_buffer).await?;
        let (status, client) = Self::ask(stream, &Request::upgrade(target)).await?;
        check(status.starts_with("HTTP/1.1 101 "), || {
            format!("no upgrade to {target}: {status}")
        })?;
        Ok(client)
    }

    /// Sends an opening request, and gives the status line.
    pub(crate) async fn ask(stream: TcpStream, request: &Request) -> Outcome<(String, Self)> {
        let (read, write) = stream.into_split();
        let mut client = Self {
            reader: Reader {
                half: read,
                buffer: Vec::new(),
            },
            writer: Writer(write),
        };
        client.writer.bytes(&request.to_bytes()).await?;
        let head = within("the answer to the upgrade", client.reader.head()).await??;
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.lines().next().unwrap_or_default().to_owned();
        check(!status.contains(" 101 ") || head.contains(ACCEPT), || {
            format!("a wrong accept key: {head}")
        })?;
        Ok((status, client))
    }

    /// Says goodbye and reads what is left, which `each` looks at. Everything queued comes first, then the echo of the
    /// Close frame, then the end of TCP in order.
    pub(crate) async fn leave(&mut self, code: u16, each: impl FnMut(Frame) -> Outcome) -> Outcome {
        self.writer.close(code, "bye").await?;
        self.reader.closed(code, each).await
    }

    /// Waits for the server's Close frame with this code; answers it if `polite`.
    pub(crate) async fn closed_by_server(&mut self, code: u16, polite: bool) -> Outcome {
        let frame = self.reader.next().await?;
        check(frame.is_close(), || {
            format!("expected a Close frame with {code}, got {frame:?}")
        })?;
        check(frame.payload.starts_with(&code.to_be_bytes()), || {
            format!("expected close code {code}, got {frame:?}")
        })?;
        if polite {
            let _ = self.writer.close(code, "").await; // The server may have dropped TCP.
            return self.reader.end().await;
        }
        Ok(())
    }

    /// Resets TCP, as a client that crashes.
    pub(crate) fn reset(self) {
        let _ = self.writer.0.as_ref().set_zero_linger(); // Without it, TCP ends with FIN.
        // Without this the half would end in order first.
        self.writer.0.forget();
    }
}

/// Opens a TCP connection.
pub(crate) async fn tcp(server: SocketAddr, receive_buffer: Option<u32>) -> Outcome<TcpStream> {
    let connect = async || {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.connect(server).await
    };
    let connect = async || loop {
        match connect().await {
            // All ports of this machine wait for the last packets of earlier connections.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => sleep(Duration::from_millis(50)).await,
            outcome => return outcome,
        }
    };
    let stream = within("a TCP connection", connect()).await?;
    let stream = stream.map_err(|error| Trouble::new(format!("no TCP connection: {error}")))?;
    let _ = stream.set_nodelay(true); // Only faster.
    Ok(stream)
}

/// The half that sends.
#[derive(Debug)]
pub(crate) struct Writer(OwnedWriteHalf);

impl Writer {
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> Outcome {
        let written = within("the server to read", self.0.write_all(bytes)).await?;
        written.map_err(|error| Trouble::new(format!("cannot send: {error}")))
    }

    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) -> Outcome {
        self.bytes(&frame(first, payload)).await
    }

    pub(crate) async fn text(&mut self, text: &str) -> Outcome {
        self.send(FIN | TEXT, text.as_bytes()).await
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) -> Outcome {
        self.send(FIN | CLOSE, &close_payload(code, reason)).await
    }

    /// Sends a message in `pieces` fragments.
    pub(crate) async fn fragments(&mut self, first: u8, payload: &[u8], pieces: usize) -> Outcome {
        let length = payload.len().div_ceil(pieces.max(1)).max(1);
        let mut rest = payload;
        let mut opcode = first & !FIN;
        while rest.len() > length {
            let (piece, behind) = rest.split_at(length);
            self.send(opcode, piece).await?;
            (opcode, rest) = (CONTINUATION, behind);
        }
        self.send(FIN | opcode, rest).await
    }

    /// Ends this half of TCP, without a Close frame.
    pub(crate) async fn end(&mut self) {
        let _ = self.0.shutdown().await; // The server may have dropped TCP.
    }
}

/// The half that receives.
#[derive(Debug)]
pub(crate) struct Reader {
    half: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Reader {
    /// Gives the next frame, or nothing at the end of TCP. Dropped while it waits, it has lost nothing.
    pub(crate) async fn read(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take_frame()? {
                return Ok(Some(frame));
            }
            self.buffer.reserve(READ);
            if self.half.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Gives the next frame, which has to come.
    pub(crate) async fn next(&mut self) -> Outcome<Frame> {
        match within("a frame", self.read()).await? {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(Trouble::new("a frame was expected, but TCP ended")),
            Err(error) => Err(Trouble::new(format!("a frame was expected, but {error}"))),
        }
    }

    /// Waits for this text.
    pub(crate) async fn expect(&mut self, text: &str) -> Outcome {
        let frame = self.next().await?;
        check(frame == Frame::text(text), || {
            format!("expected {text:?}, got {frame:?}")
        })
    }

    /// Waits for this Close frame and the end of TCP in order; `each` looks at the frames before.
    pub(crate) async fn closed(&mut self, code: u16, mut each: impl FnMut(Frame) -> Outcome) -> Outcome {
        loop {
            let frame = self.next().await?;
            if !frame.is_close() {
                each(frame)?;
                continue;
            }
            check(frame.payload == code.to_be_bytes(), || {
                format!("expected the echo of a Close frame with {code}, got {frame:?}")
            })?;
            return self.end().await;
        }
    }

    /// Waits for the end of TCP in order, without a frame before it.
    pub(crate) async fn end(&mut self) -> Outcome {
        match within("the end of TCP", self.read()).await? {
            Ok(None) if self.buffer.is_empty() => Ok(()),
            other => Err(Trouble::new(format!(
                "the end of TCP was expected, but there came {other:?}"
            ))),
        }
    }

    /// Reads to the end of TCP, in order or not, and gives the frames before it.
    pub(crate) async fn rest(&mut self) -> Outcome<Vec<Frame>> {
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = within("the end of TCP", self.read()).await? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// Reads an HTTP answer up to its empty line.
    async fn head(&mut self) -> Outcome<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.buffer.split_off(end + 4);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            let read = self.half.read_buf(&mut self.buffer).await;
            let read = read.map_err(|error| Trouble::new(format!("no answer to the upgrade: {error}")))?;
            check(read > 0, || "no answer to the upgrade: TCP ended".to_owned())?;
        }
    }

    /// Takes a frame out of the buffer if there is a whole one.
    fn take_frame(&mut self) -> io::Result<Option<Frame>> {
        let (header, length) = match self.buffer[..] {
            [_, length @ 0..=125, ..] => (2, usize::from(length)),
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            [_, 127, 0, 0, 0, 0, a, b, c, d, ..] => (10, u32::from_be_bytes([a, b, c, d]) as usize),
            [_, 126 | 127, ..] | [] | [_] => return Ok(None),
            [_, masked, ..] => return Err(io::Error::other(format!("a masked frame of a server: {masked:#x}"))),
        };
        if length > LARGEST {
            return Err(io::Error::other(format!(
                "a frame of {length} bytes, which nobody asked for"
            )));
        }
        if self.buffer.len() < header + length {
            return Ok(None);
        }
        let frame = Frame {
            first: self.buffer[0],
            payload: self.buffer[header..header + length].to_vec(),
        };
        self.buffer.drain(..header + length);
        if self.buffer.is_empty() {
            // A client that waits keeps no memory, since there are thousands.
            self.buffer = Vec::new();
        }
        Ok(Some(frame))
    }
}
