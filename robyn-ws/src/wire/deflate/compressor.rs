//! Compressing messages (RFC 7692 section 7.2.1).

use std::{cell::RefCell, fmt};

use zlib_rs::{Deflate, DeflateFlush, Status, compress_bound};

use crate::wire::deflate::{KEPT_OUTPUT, TAIL};

/// Output beyond zlib's bound, for the flush and for bits of the message before.
const SPARE_OUTPUT: usize = 64;

/// Maximum number of compressors that a thread keeps: one for each window.
const KEPT_COMPRESSORS: usize = 3;

thread_local! {
    /// The compressors of the thread, the last used last. One that is in use is taken out, so a panic drops it.
    static SPARE: RefCell<Vec<Compressor>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The parameters of a compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// From 1, the fastest, to 9.
    pub(crate) level: u8,
    /// The size of the window is two to the power of this, from 9 to 15.
    pub(crate) window: u8,
}

/// A compressor. It is empty when it is created and after [`Compressor::forget`].
pub(crate) struct Compressor {
    parameters: Parameters,
    /// `None` only after an error.
    pub(super) deflate: Option<Deflate>,
}

impl Compressor {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            deflate: None,
        }
    }

    /// Compresses a message behind the messages before it, and passes the result to `take`. Returns `None` if the result
    /// is not shorter than the message: then the context is forgotten, since the peer does not see this message.
    pub(crate) fn compress<T>(&mut self, payload: &[u8], take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        OUTPUT.with_borrow_mut(|output| {
            let compressed = self.compress_into(payload, output).filter(|size| *size < payload.len());
            if compressed.is_none() {
                self.forget();
            }
            let taken = compressed.map(|size| take(&output[..size]));
            if output.len() > KEPT_OUTPUT {
                *output = Vec::new();
            }
            taken
        })
    }

    /// Returns the compressed size, or `None` after an error.
    fn compress_into(&mut self, payload: &[u8], output: &mut Vec<u8>) -> Option<usize> {
        let Parameters { level, window } = self.parameters;
        let room = compress_bound(payload.len()) + SPARE_OUTPUT;
        if output.len() < room {
            output.resize(room, 0);
        }
        let deflate = self
            .deflate
            .get_or_insert_with(|| Deflate::new(level.into(), false, window));
        let (read, written) = (deflate.total_in(), deflate.total_out());
        let status = deflate.compress(payload, output, DeflateFlush::SyncFlush);
        let all_read = deflate.total_in() - read == payload.len() as u64;
        let written = usize::try_from(deflate.total_out() - written).ok()?;
        let compressed = output[..written].strip_suffix(&TAIL)?.len();
        if status == Ok(Status::Ok) && all_read && written < output.len() {
            Some(compressed)
        } else {
            // Something may be left in the compressor, and zlib-rs 0.6.8 loses the room for it in a `reset`, until it
            // panics.
            self.deflate = None;
            None
        }
    }

    /// Forgets the messages before, so that the next one does not refer to them.
    pub(crate) fn forget(&mut self) {
        if let Some(deflate) = &mut self.deflate {
            deflate.reset();
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compressor").field(&self.parameters).finish()
    }
}

/// Compresses a message on its own, with a compressor of the thread, and passes the result to `take`. Returns `None` if
/// the result is not shorter than the message.
pub(crate) fn compress<T>(parameters: Parameters, payload: &[u8], take: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let mut compressor = take_spare(parameters);
    let compressed = compressor.compress(payload, take);
    compressor.forget();
    keep(compressor);
    compressed
}

fn take_spare(parameters: Parameters) -> Compressor {
    SPARE.with_borrow_mut(|spare| {
        let known = spare.iter().position(|spare| spare.parameters == parameters);
        known.map_or_else(|| Compressor::new(parameters), |place| spare.remove(place))
    })
}

fn keep(compressor: Compressor) {
    SPARE.with_borrow_mut(|spare| {
        if spare.len() == KEPT_COMPRESSORS {
            spare.remove(0);
        }
        spare.push(compressor);
    });
}
