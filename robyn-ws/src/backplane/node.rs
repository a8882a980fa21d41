//! The number of a node.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of bits of a [`NodeId`].
pub(crate) const NODE_BITS: u32 = 48;

/// The number of a node, which is random, and another one each time that the node starts. The ids of its connections contain
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct NodeId(u64);

impl NodeId {
    /// Creates the number of this node.
    pub(crate) fn random() -> Self {
        Self::from_bits(uuid::Uuid::new_v4().as_u64_pair().0)
    }

    /// Creates a number from the upper bits of another.
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits >> (u64::BITS - NODE_BITS))
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

/// In hexadecimal, all digits.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}
