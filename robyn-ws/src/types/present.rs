//! A person who is in a room, on any node.

use std::{fmt, sync::Arc};

use serde::Deserialize;

use crate::types::{error::JsonError, identity::Identity};

/// A person who is in a room, from [`Audience::presence`](crate::Audience::presence).
#[derive(Clone)]
pub struct Present {
    pub(crate) identity: Identity,
    pub(crate) connections: usize,
    pub(crate) shown: Shown,
}

/// What a person shows of themselves: JSON, and since when, in milliseconds since 1970.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) value: Arc<str>,
    pub(crate) at: u64,
}

/// Prints no value.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Present {
    /// Returns who it is.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the number of connections with which the person is tracked in the room.
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// Returns the value of the connection that was tracked last.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if it is no `T`.
    pub fn value<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        serde_json::from_str(&self.shown.value).map_err(JsonError::parsing)
    }

    /// Returns that value as JSON.
    pub fn json(&self) -> &str {
        &self.shown.value
    }
}

/// Prints neither who it is nor the value.
impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Present")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Why a connection is not tracked in a room.
///
/// It prints readably with `{:?}` too. [`JsonError`] may quote the value with `{}`, and never does with `{:?}`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TrackError {
    /// The connection has ended, or is not in the room.
    #[error("not a member: the connection has ended, or is not in the room: join it first")]
    NotMember,
    /// The connection has no identity.
    #[error("no identity: call `identify`, or return an `Identity` from an upgrade handler")]
    NotIdentified,
    /// The value is too long.
    #[error("the value has {bytes} bytes as JSON, more than the {limit} of `Limits::max_presence_value`")]
    TooLong {
        /// Bytes of the value.
        bytes: usize,
        /// `Limits::max_presence_value`.
        limit: usize,
    },
    /// The value cannot be JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl fmt::Debug for TrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => fmt::Debug::fmt(error, f),
            other => fmt::Display::fmt(other, f),
        }
    }
}
