//! Decompressing the messages of one connection.

use std::mem::take;

use crate::{
    types::compression::ContextPlace,
    wire::{
        deflate::{
            Compressed,
            inflater::{Inflater, inflate},
        },
        received::ReadEnd,
    },
};

/// The decompression of a connection that has negotiated it.
#[derive(Debug, Default)]
pub(crate) struct Inflation {
    /// Set if the client may refer to earlier messages.
    own: Option<Inflater>,
    /// The place of this connection, if it has a context in either direction.
    _place: Option<ContextPlace>,
    /// The messages since the last call of [`Inflation::take_counted`].
    counted: Compressed,
}

impl Inflation {
    /// Creates the decompression of a connection that has a context. `is_own` tells whether its client may refer to
    /// earlier messages.
    pub(crate) fn in_place(place: ContextPlace, is_own: bool) -> Self {
        Self {
            own: is_own.then(Inflater::default),
            _place: Some(place),
            counted: Compressed::default(),
        }
    }

    /// Decompresses a message of at most `longest` bytes, and passes it to `take`.
    pub(crate) fn inflate<T>(
        &mut self,
        payload: &[u8],
        longest: usize,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ReadEnd> {
        let mut sizes = Compressed {
            plain: 0,
            compressed: payload.len(),
        };
        let take = |inflated: &[u8]| {
            sizes.plain = inflated.len();
            take(inflated)
        };
        let result = match &mut self.own {
            Some(own) => own.inflate(payload, longest, take),
            None => inflate(payload, longest, take),
        };
        self.counted.add(sizes);
        result
    }

    /// Returns the sizes of the messages since the last call.
    pub(crate) fn take_counted(&mut self) -> Compressed {
        take(&mut self.counted)
    }
}
