//! Why a publisher could not publish.

use std::fmt;

use crate::backplane::{BackplaneError, key::SHORT_SECRET};

/// Why something was not published by a [`Publisher`](crate::Publisher).
///
/// It prints readably with `{:?}` too, so that `main` can return it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The backplane is not connected, or has failed.
    #[error("{0}{help}", help = help(.0))]
    Backplane(#[from] BackplaneError),
    /// A secret of the publisher's [`key`](crate::Publisher::key) has fewer than 16 bytes. Nothing is published with it.
    #[error("{SHORT_SECRET}")]
    ShortSecret,
    /// The backplane did not take it within 5 s.
    #[error("the backplane did not answer within 5 s")]
    TimedOut,
    /// It is larger than the largest payload of the backplane.
    #[error("{size} bytes are more than the {limit} that the backplane takes")]
    TooLarge {
        /// Bytes of the envelope, at most.
        size: usize,
        /// Bytes of the largest payload.
        limit: usize,
    },
}

const fn help(error: &BackplaneError) -> &'static str {
    match error {
        BackplaneError::Disconnected => {
            "; is the broker running? A publisher of `connect_lazy` connects in the background: wait until \
             `Publisher::health` is `Up`, or use `connect`"
        }
        BackplaneError::Failed(_) => "",
    }
}

impl fmt::Debug for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
