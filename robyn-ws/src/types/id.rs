//! The identity of a connection.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::util::printable::printable;

/// Identifies one connection of one endpoint: a random UUID (version 4).
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let id: ConnectionId = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?;
/// assert_eq!(id.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// # Ok::<(), robyn_ws::ParseConnectionIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(Uuid);

impl ConnectionId {
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for ConnectionId {
    type Err = ParseConnectionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| ParseConnectionIdError {
            seen: text.chars().take(64).collect(),
        })
    }
}

/// A text that is no [`ConnectionId`]. `{:?}` prints its length, since it may be a secret in the wrong place.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is no connection id: expected a UUID such as `67e55044-10b1-426f-9247-bb680e5fe0c8`",
    printable(seen)
)]
pub struct ParseConnectionIdError {
    seen: String,
}

impl fmt::Debug for ParseConnectionIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseConnectionIdError")
            .field("bytes", &self.seen.len())
            .finish()
    }
}
