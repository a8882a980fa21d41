//! The number of a node.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::id::NODE_BYTES;

/// The number of a node, which is random, and another one each time that the node starts. The ids of its connections contain
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct NodeId(u64);

impl NodeId {
    /// Creates the number of this node.
    pub(crate) fn random() -> Self {
        Self::of_id(uuid::Uuid::new_v4().into_bytes())
    }

    /// Returns the node of a connection with this id.
    pub(crate) const fn of_id(id: [u8; 16]) -> Self {
        let (prefix, _) = id.split_at(NODE_BYTES);
        let mut bytes = [0; size_of::<u64>()];
        let (_, number) = bytes.split_at_mut(size_of::<u64>() - NODE_BYTES);
        number.copy_from_slice(prefix);
        Self(u64::from_be_bytes(bytes))
    }

    /// Returns the first bytes of the ids of its connections.
    pub(crate) const fn prefix(self) -> [u8; NODE_BYTES] {
        let [_, _, prefix @ ..] = self.0.to_be_bytes();
        prefix
    }
}

/// In hexadecimal, all digits.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}
