//! The identity of a connection.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::{BuildHasherDefault, Hasher},
    str::FromStr,
};

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

/// Values by the id of a connection.
pub(crate) type IdMap<T> = HashMap<ConnectionId, T, IdHash>;

/// Ids of connections.
pub(crate) type IdSet = HashSet<ConnectionId, IdHash>;

pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

/// Takes an id for its own hash. An id is random already, and no peer chooses one.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, _rest) = bytes.as_chunks();
        for word in words {
            self.0 ^= u64::from_le_bytes(*word);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
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

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn hashes_of_ids_differ_in_every_bit() {
        let hashes = || (0..1000).map(|_| IdHash::default().hash_one(ConnectionId::random()));
        assert_eq!(hashes().fold(0, |bits, hash| bits | hash), u64::MAX);
        assert_eq!(hashes().fold(u64::MAX, |bits, hash| bits & hash), 0);
    }
}
