//! The names under which nodes publish, and in which they are interested.

use std::fmt;

use crate::backplane::node::NodeId;

/// Number of partitions of the hashed subjects.
pub(crate) const PARTITIONS: usize = 256;

/// The name under which something is published. A room, an identity or a path never stands in it as it is, but by its hash.
///
/// `{}` prints a name of lowercase letters, digits and at most one dot, of at most 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Name);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    /// Of what many nodes may be interested in.
    Hash([u8; 16]),
    /// Of one node.
    Node(NodeId),
    /// Of all nodes.
    Nodes,
}

impl Subject {
    pub(crate) const NODES: Self = Self(Name::Nodes);

    pub(crate) const fn of_node(node: NodeId) -> Self {
        Self(Name::Node(node))
    }

    #[cfg(any(test, feature = "test-util"))]
    pub(crate) const fn of_hash(hash: [u8; 16]) -> Self {
        Self(Name::Hash(hash))
    }

    /// Returns the partition, if the subject is in one: the two hexadecimal digits before the dot.
    pub const fn partition(self) -> Option<u8> {
        match self.0 {
            Name::Hash(hash) => Some(hash[0]),
            Name::Node(_) | Name::Nodes => None,
        }
    }
}

/// Returns the subject of what is for the connections of an endpoint.
pub(crate) fn of_endpoint(path: &str) -> Subject {
    hashed(0, [path, ""])
}

/// Returns the subject of what is for the members of a room.
pub(crate) fn of_room(path: &str, room: &str) -> Subject {
    hashed(1, [path, room])
}

/// Returns the subject of what is for the connections of an identity.
pub(crate) fn of_identity(identity: &str) -> Subject {
    hashed(2, [identity, ""])
}

fn hashed(kind: u8, [one, other]: [&str; 2]) -> Subject {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&(one.len() as u64).to_le_bytes());
    hasher.update(one.as_bytes());
    hasher.update(other.as_bytes());
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    Subject(Name::Hash(hash))
}

/// A subject is `3f.` and 30 digits for what has a hash, `node.` and 12 digits for a node, and `nodes` for all.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Name::Hash([partition, rest @ ..]) => {
                write!(f, "{partition:02x}.")?;
                rest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Name::Node(node) => write!(f, "node.{node}"),
            Name::Nodes => f.write_str("nodes"),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({self})")
    }
}

/// What a node wants to get.
///
/// `{}` prints the name of the subject, or `3f.*` for a partition: all subjects whose name begins with `3f.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interest {
    /// What is published to a subject.
    Subject(Subject),
    /// What is published to any subject of a [partition](Subject::partition).
    Partition(u8),
}

impl Interest {
    /// Returns `true` if what is published to `subject` is wanted.
    pub fn includes(self, subject: Subject) -> bool {
        match self {
            Self::Subject(its) => its == subject,
            Self::Partition(partition) => subject.partition() == Some(partition),
        }
    }
}

impl fmt::Display for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => subject.fmt(f),
            Self::Partition(partition) => write!(f, "{partition:02x}.*"),
        }
    }
}
