//! What nodes tell each other, and its bytes: a version, the header, the body, and the payload of a message.
//!
//! The header and the body are encoded by `postcard`. The payload is the rest, so it is not copied when it is read.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    backplane::{
        key::SEALED,
        node::NodeId,
        outgoing::Lane,
        subject::{Subject, of_endpoint, of_identity, of_room},
    },
    types::{message::Message, utf8_bytes::Utf8Bytes},
};

/// The version of the bytes. A node ignores all others.
const VERSION: u8 = 1;

/// The room that is taken for a head at once. A longer one takes more.
const HEAD: usize = 96;

/// The most bytes of an envelope besides its body.
pub(crate) const MAX_HEADER: usize = 1 + 4 * 10;

/// The bytes of a connection's id.
pub(crate) type Id = [u8; 16];

/// Who says something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) origin: NodeId,
    /// The number of the envelope, among all of its origin.
    pub(crate) number: u64,
    /// The number of the last envelope of its origin to the same subject, or 0 if it is not known.
    pub(crate) previous: u64,
    /// When it was published, in milliseconds since 1970.
    pub(crate) sent_at: u64,
}

/// What a node says. It borrows from the envelope.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Body<'a> {
    /// A message for connections, whose payload follows.
    Message {
        #[serde(borrow)]
        recipients: Recipients<'a>,
        /// The key of a keyed broadcast.
        key: Option<&'a str>,
        kind: Kind,
        /// The number of the question that asks whether it was delivered.
        question: Option<u64>,
    },
    /// The end of connections.
    Close {
        #[serde(borrow)]
        recipients: Recipients<'a>,
        code: u16,
        reason: &'a str,
    },
    /// The answer to a question.
    Answer {
        to: NodeId,
        question: u64,
        outcome: Outcome,
    },
    /// What has changed among the people whom the node tracks in a room.
    Presence {
        /// The node that has asked, or none for all.
        to: Option<NodeId>,
        path: &'a str,
        room: &'a str,
        base: Option<u64>,
        version: u64,
        #[serde(borrow)]
        changes: Vec<PresenceChange<'a>>,
    },
    /// The node wants to know whom others track in a room: one of them, or all.
    PresenceWanted {
        of: Option<NodeId>,
        path: &'a str,
        room: &'a str,
    },
    /// The node has started, and wants to hear of the others.
    Hello,
    /// The node lives.
    Alive,
    /// The node ends.
    Leaving,
}

/// The connections that a message or a Close is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipients<'a> {
    #[serde(borrow)]
    pub(crate) scope: Scope<'a>,
    /// Sorted. `None` stands for all connections of the scope.
    pub(crate) rooms: Option<Vec<&'a str>>,
    /// Sorted.
    pub(crate) except: Vec<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope<'a> {
    /// The connections of the endpoint at this path.
    Endpoint(&'a str),
    /// The connections of this identity, at all endpoints.
    Identity(&'a str),
    /// One connection of the endpoint at this path.
    Connection(&'a str, Id),
}

/// A person whom a node tracks in a room: with how many connections, since when, and the value. No connections mean that it
/// tracks the person no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PresenceChange<'a> {
    pub(crate) identity: &'a str,
    pub(crate) connections: u32,
    pub(crate) at: u64,
    pub(crate) value: &'a str,
}

/// How the payload of a message is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind {
    pub(crate) is_text: bool,
    /// Whether it may be compressed.
    pub(crate) is_compressible: bool,
}

/// What became of a message for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Queued,
    NotConnected,
    QueueFull,
    TimedOut,
}

/// An envelope that has come.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) header: Header,
    pub(crate) body: Body<'a>,
    pub(crate) payload: Bytes,
}

/// Why the bytes are no envelope of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("of another version")]
    Version,
    #[error("authenticated with a key, and this node has none: all nodes need `App::backplane_key`")]
    Sealed,
    #[error("not an envelope")]
    Malformed,
}

impl Body<'_> {
    /// Returns the subject that it is published to.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Message { recipients, .. } | Self::Close { recipients, .. } => recipients.subject(),
            Self::Answer { to, .. } => Subject::of_node(*to),
            Self::Presence { path, room, to, .. } => to.map_or_else(|| of_room(path, room), Subject::of_node),
            Self::PresenceWanted { of, path, room } => of.map_or_else(|| of_room(path, room), Subject::of_node),
            Self::Hello | Self::Alive | Self::Leaving => Subject::NODES,
        }
    }

    /// Returns where it waits to be published.
    pub(super) const fn lane(&self) -> Lane {
        match self {
            Self::Message { .. } | Self::Close { .. } => Lane::Messages,
            Self::Answer { .. }
            | Self::Presence { .. }
            | Self::PresenceWanted { .. }
            | Self::Hello
            | Self::Alive
            | Self::Leaving => Lane::Told,
        }
    }

    /// Returns `true` for a keyed broadcast.
    pub(super) const fn is_keyed(&self) -> bool {
        matches!(self, Self::Message { key: Some(_), .. })
    }

    /// Returns `true` if only nodes that are trusted may say it.
    pub(super) const fn needs_trust(&self) -> bool {
        match self {
            Self::Close { .. } | Self::Presence { .. } | Self::PresenceWanted { .. } => true,
            Self::Message { .. } | Self::Answer { .. } | Self::Hello | Self::Alive | Self::Leaving => false,
        }
    }

    /// Returns `true` if rooms and exceptions are as they are written.
    fn is_in_order(&self) -> bool {
        match self {
            Self::Message { recipients, .. } | Self::Close { recipients, .. } => recipients.is_in_order(),
            Self::Answer { .. }
            | Self::Presence { .. }
            | Self::PresenceWanted { .. }
            | Self::Hello
            | Self::Alive
            | Self::Leaving => true,
        }
    }
}

impl Recipients<'_> {
    fn subject(&self) -> Subject {
        match (self.scope, self.rooms.as_deref()) {
            (Scope::Endpoint(path), Some([room])) => of_room(path, room),
            // Several rooms are a union, so each node has to know all of them at once.
            (Scope::Endpoint(path), _) => of_endpoint(path),
            (Scope::Identity(identity), _) => of_identity(identity),
            (Scope::Connection(_, id), _) => Subject::of_node(NodeId::of_id(id)),
        }
    }

    /// Returns `true` if rooms and exceptions are sorted, without duplicates.
    fn is_in_order(&self) -> bool {
        let rooms = self.rooms.as_deref().unwrap_or_default();
        rooms.is_sorted_by(|one, next| one < next) && self.except.is_sorted_by(|one, next| one < next)
    }
}

impl Kind {
    pub(crate) fn of(message: &Message) -> Self {
        Self {
            is_text: matches!(message, Message::Text(_)),
            is_compressible: !is_uncompressed(message),
        }
    }

    /// Returns the message with this payload, which is checked again.
    pub(crate) fn message(self, payload: Bytes) -> Result<Message, Unreadable> {
        let message = if self.is_text {
            Message::Text(Utf8Bytes::try_from(payload).map_err(|_| Unreadable::Malformed)?)
        } else {
            Message::Binary(payload)
        };
        Ok(if self.is_compressible {
            message
        } else {
            uncompressed(message)
        })
    }
}

impl<'a> Envelope<'a> {
    /// Reads an envelope, without the tag if it was sealed.
    pub(crate) fn read(bytes: &'a Bytes, is_sealed: bool) -> Result<Self, Unreadable> {
        let (version, rest) = bytes.split_first().ok_or(Unreadable::Malformed)?;
        if *version & !SEALED != VERSION {
            return Err(Unreadable::Version);
        }
        if *version & SEALED != 0 && !is_sealed {
            return Err(Unreadable::Sealed);
        }
        let (header, rest) = postcard::take_from_bytes(rest).map_err(|_| Unreadable::Malformed)?;
        let (body, payload): (Body<'_>, _) = postcard::take_from_bytes(rest).map_err(|_| Unreadable::Malformed)?;
        if !body.is_in_order() {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            header,
            body,
            payload: bytes.slice_ref(payload),
        })
    }
}

#[cfg(feature = "deflate")]
fn is_uncompressed(message: &Message) -> bool {
    message.is_uncompressed()
}

#[cfg(not(feature = "deflate"))]
const fn is_uncompressed(_message: &Message) -> bool {
    false
}

#[cfg(feature = "deflate")]
fn uncompressed(message: Message) -> Message {
    message.uncompressed()
}

#[cfg(not(feature = "deflate"))]
const fn uncompressed(message: Message) -> Message {
    message
}

/// Encodes a body with the payload of its message.
pub(crate) fn encode_body(body: &Body<'_>, payload: &[u8]) -> postcard::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(body, Vec::with_capacity(HEAD + payload.len()))?;
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// Encodes an envelope around an encoded body, with room for `more` bytes.
pub(crate) fn encode(header: &Header, body: &[u8], more: usize) -> postcard::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(HEAD + body.len() + more);
    bytes.push(VERSION);
    let mut bytes = postcard::to_extend(header, bytes)?;
    bytes.extend_from_slice(body);
    Ok(bytes)
}
