//! Decompressing the messages of one connection.

use std::task::Poll;

use crate::{
    types::{compression::ContextPlace, message::Message},
    wire::{
        deflate::{Compressed, CompressedMessage, inflater::Inflater, inflating::Inflating},
        received::ReadEnd,
        turn::Turn,
    },
};

/// The decompression of a connection that has negotiated it.
#[derive(Debug, Default)]
pub(crate) struct Inflation {
    /// Whether the client may refer to earlier messages.
    keeps_context: bool,
    /// The context, between two messages.
    own: Option<Box<Inflater>>,
    /// The place of this connection, if it has a context in either direction.
    _place: Option<ContextPlace>,
    /// The message that is being decompressed. Only meanwhile, the connection has a decompressor of a thread.
    current: Option<Inflating>,
}

impl Inflation {
    /// Creates the decompression of a connection that has a context. With `keeps_context`, its client may refer to earlier
    /// messages.
    pub(crate) fn in_place(place: ContextPlace, keeps_context: bool) -> Self {
        Self {
            keeps_context,
            _place: Some(place),
            ..Self::default()
        }
    }

    /// Returns `true` if a message is being decompressed.
    #[inline]
    pub(crate) const fn has_message(&self) -> bool {
        self.current.is_some()
    }

    /// Begins to decompress `message`.
    pub(crate) fn begin(&mut self, message: CompressedMessage) {
        let inflater = if self.keeps_context {
            self.own.take().unwrap_or_default()
        } else {
            Inflater::take_spare()
        };
        self.current = Some(Inflating::new(message, inflater));
    }

    /// Decompresses the message of [`Self::begin`], of at most `longest` bytes. Returns it with its sizes. Pending means that
    /// the turn is spent, or that there is no message.
    pub(crate) fn poll(&mut self, longest: usize, turn: &mut Turn) -> Poll<Result<(Message, Compressed), ReadEnd>> {
        let Some(mut current) = self.current.take() else {
            return Poll::Pending;
        };
        let Poll::Ready(end) = current.poll(longest, turn) else {
            self.current = Some(current);
            return Poll::Pending;
        };
        let result = end.and_then(|()| current.message());
        let inflater = current.into_inflater();
        if self.keeps_context {
            self.own = Some(inflater);
        } else {
            inflater.keep();
        }
        Poll::Ready(result)
    }
}

#[cfg(test)]
impl Inflation {
    /// Creates the decompression of a connection with a context of its own.
    pub(super) fn with_context() -> Self {
        Self {
            keeps_context: true,
            ..Self::default()
        }
    }

    /// Decompresses a message, in as many turns as it takes.
    pub(super) fn inflate(&mut self, payload: &[u8], longest: usize) -> Result<Vec<u8>, ReadEnd> {
        let message = CompressedMessage::of(self, false, payload.to_vec().into());
        self.begin(message);
        loop {
            if let Poll::Ready(result) = self.poll(longest, &mut Turn::new()) {
                return result.map(|(message, _)| message.as_bytes().to_vec());
            }
        }
    }
}
