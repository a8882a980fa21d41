//! The id of a connection.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::{BuildHasherDefault, Hasher},
    str::FromStr,
};

use uuid::Uuid;
#[cfg(feature = "backplane")]
use uuid::{Builder, Version};

use crate::util::printable::printable;

/// Number of bytes in an id that tell the node.
#[cfg(feature = "backplane")]
pub(crate) const NODE_BYTES: usize = 6;

/// The id of a connection: a random UUID (version 4). Under a backplane ([`App::backplane`](crate::App::backplane)), 48 bits
/// of it tell the node, and 74 are random (version 8).
///
/// It is printed and parsed in hyphenated form:
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

    /// Creates the id of a connection of the node with this number.
    #[cfg(feature = "backplane")]
    pub(crate) fn random_of(node: [u8; NODE_BYTES]) -> Self {
        let mut bytes = Uuid::new_v4().into_bytes();
        bytes[..NODE_BYTES].copy_from_slice(&node);
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// Returns `true` if the id tells the node of its connection.
    #[cfg(feature = "backplane")]
    pub(crate) fn tells_node(self) -> bool {
        self.0.get_version() == Some(Version::Custom)
    }

    #[cfg(feature = "backplane")]
    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    #[cfg(feature = "backplane")]
    pub(crate) const fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
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

/// A map by connection id.
pub(crate) type IdMap<T> = HashMap<ConnectionId, T, IdHash>;

/// A set of connection ids.
pub(crate) type IdSet = HashSet<ConnectionId, IdHash>;

pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

/// Uses an id as its own hash. Ids are random, and peers cannot choose them.
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

/// The error for a text that is not a [`ConnectionId`].
///
/// `{:?}` prints only its length, because the text may be a secret sent to the wrong place.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let error = "gordon".parse::<ConnectionId>().unwrap_err();
/// assert!(error.to_string().starts_with("`gordon` is not a connection id"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a connection id: expected a UUID such as `67e55044-10b1-426f-9247-bb680e5fe0c8`",
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
