//! Decoding frames: tungstenite's state machine, fed with bytes that were read already (RFC 6455 section 5).
//!
//! A decoder between two frames holds nothing, so each thread keeps one for all of its connections; a connection has a
//! decoder of its own only while it is in the middle of a message.

use std::{
    cell::RefCell,
    io::{self, Read, Write},
    ops::ControlFlow,
};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{
    self, Error,
    protocol::{Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode},
};

use crate::{Message, connection::lookout::Lookout, limits::Bounds};

/// How much tungstenite is given at once, in bytes, at most. It zeroes so much before each read.
const CHUNK: usize = 2048;

/// What tungstenite says, with [`CloseCode::Protocol`], in place of a close code that must not be sent.
const BAD_CLOSE_CODE: &str = "Protocol violation";

thread_local! {
    static SPARE: RefCell<Option<Box<Decoder>>> = const { RefCell::new(None) };
}

/// What a peer sent.
#[derive(Debug)]
pub(crate) enum Received {
    Message(Message),
    Ping(Bytes),
    Pong,
    Close { code: Option<u16>, reason: String },
}

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum ReadEnd {
    /// TCP ended, in order or not.
    Lost,
    TooBig,
    InvalidUtf8,
    Protocol(String),
}

/// How far a decoder came.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The decoder, if it stands in the middle of something. If it does not, it is the thread's again.
    pub(crate) decoder: Option<Box<Decoder>>,
    /// Whether nobody had room for more, so that whole frames may be left.
    pub(crate) stopped: bool,
}

/// A decoder of frames.
#[derive(Debug)]
pub(crate) struct Decoder {
    context: WebSocketContext,
    lookout: Lookout,
    /// [`Limits::read_buffer`](crate::Limits::read_buffer), by which it was made.
    read_buffer: usize,
}

impl Decoder {
    /// Gives the thread's decoder, or a new one.
    pub(crate) fn take(bounds: &Bounds) -> Box<Self> {
        let spare = SPARE.take();
        let mut decoder = spare
            .filter(|spare| spare.read_buffer == bounds.read_buffer)
            .unwrap_or_else(|| Box::new(Self::new(bounds)));
        decoder.limit(bounds);
        decoder
    }

    fn new(bounds: &Bounds) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(bounds.read_buffer.min(CHUNK))
            // The decoder's own answers are thrown away, see `Source`.
            .write_buffer_size(0);
        // One allocation serves as many messages as fit into it.
        let buffer = Vec::with_capacity(bounds.read_buffer);
        Self {
            context: WebSocketContext::from_partially_read(buffer, Role::Server, Some(config)),
            lookout: Lookout::default(),
            read_buffer: bounds.read_buffer,
        }
    }

    fn limit(&mut self, bounds: &Bounds) {
        let limits = (Some(bounds.max_message_size), Some(bounds.max_frame_size));
        let config = self.context.get_config();
        if (config.max_message_size, config.max_frame_size) != limits {
            self.context.set_config(|config| {
                (config.max_message_size, config.max_frame_size) = limits;
            });
        }
    }

    /// Decodes frames from `bytes` until they are used up, or until `each` breaks. Afterwards `bytes` is what is left.
    pub(crate) fn decode(
        mut self: Box<Self>,
        bytes: &mut &[u8],
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Result<Decoded, ReadEnd> {
        let max_message_size = self.context.get_config().max_message_size.unwrap_or(usize::MAX);
        loop {
            let mut source = Source {
                bytes,
                lookout: &mut self.lookout,
                max_message_size,
                refused: None,
            };
            let read = self.context.read(&mut source);
            let refused = source.refused;
            let message = match read {
                Ok(message) => message,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return refused.map_or_else(|| Ok(self.rest(false)), Err);
                }
                Err(error) => return Err(read_end(&error)),
            };
            if message.is_close() {
                // It decodes nothing more, so it is nobody's.
                let _nothing_follows = each(translate(message)?);
                return Ok(Decoded {
                    decoder: None,
                    stopped: true,
                });
            }
            self.lookout.given();
            if each(translate(message)?).is_break() {
                return Ok(self.rest(true));
            }
            if bytes.is_empty() && self.lookout.is_at_rest() {
                return Ok(self.rest(false));
            }
        }
    }

    fn rest(self: Box<Self>, stopped: bool) -> Decoded {
        let mut decoder = Some(self);
        if let Some(spare) = decoder.take_if(|decoder| decoder.lookout.is_at_rest()) {
            SPARE.set(Some(spare));
        }
        Decoded { decoder, stopped }
    }
}

fn translate(message: tungstenite::Message) -> Result<Received, ReadEnd> {
    Ok(match message {
        tungstenite::Message::Text(text) => Received::Message(Message::Text(text)),
        tungstenite::Message::Binary(bytes) => Received::Message(Message::Binary(bytes)),
        tungstenite::Message::Ping(payload) => Received::Ping(payload),
        tungstenite::Message::Pong(_) => Received::Pong,
        tungstenite::Message::Close(None) => Received::Close {
            code: None,
            reason: String::new(),
        },
        tungstenite::Message::Close(Some(frame))
            if frame.code == CloseCode::Protocol && frame.reason.as_str() == BAD_CLOSE_CODE =>
        {
            return Err(ReadEnd::Protocol("a close code that must not be sent".to_owned()));
        }
        tungstenite::Message::Close(Some(frame)) => Received::Close {
            code: Some(frame.code.into()),
            reason: frame.reason.to_string(),
        },
        tungstenite::Message::Frame(_) => return Err(ReadEnd::Protocol("a raw frame".to_owned())),
    })
}

fn read_end(error: &Error) -> ReadEnd {
    match error {
        Error::Capacity(_) => ReadEnd::TooBig,
        Error::Utf8(_) => ReadEnd::InvalidUtf8,
        Error::Protocol(error) => ReadEnd::Protocol(error.to_string()),
        _ => ReadEnd::Lost,
    }
}

/// Bytes for the decoder. What the decoder writes of its own accord (pongs, the echo of a Close) is thrown away: the
/// connection answers itself, so that everything it sends is in one order and under one bound.
struct Source<'a, 'b> {
    bytes: &'a mut &'b [u8],
    lookout: &'a mut Lookout,
    max_message_size: usize,
    /// What is wrong with the frame that comes next, if something is.
    refused: Option<ReadEnd>,
}

impl Read for Source<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.bytes.len().min(buffer.len());
        let (good, refused) = self.lookout.admit(&self.bytes[..most], self.max_message_size);
        self.refused = refused;
        if good == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(&mut buffer[..good])
    }
}

impl Write for Source<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
