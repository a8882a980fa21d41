//! The other nodes, as far as this one hears of them.

use std::{collections::HashMap, time::Duration};

use crate::{backplane::node::NodeId, util::time::Moment};

/// The time between two signs of life.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);

/// A node that is not heard of for so long is gone.
const GONE: Duration = Duration::from_secs(10);

/// The most nodes. Who can publish could make up any number of them.
const MAX_NODES: usize = 10_000;

/// The other nodes that live.
#[derive(Debug, Default)]
pub(super) struct Nodes(HashMap<NodeId, Moment>);

impl Nodes {
    /// Takes note of a sign of life.
    pub(super) fn heard(&mut self, node: NodeId, now: Moment) {
        if let Some(last) = self.0.get_mut(&node) {
            *last = now;
        } else if self.0.len() < MAX_NODES {
            self.0.insert(node, now);
        }
    }

    /// Removes a node that ends.
    pub(super) fn left(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// Removes the nodes that are gone.
    pub(super) fn sweep(&mut self, now: Moment) {
        self.0.retain(|_, last| now.since(*last) < GONE);
    }

    /// Returns `true` if the node was heard of lately.
    pub(super) fn lives(&self, node: NodeId, now: Moment) -> bool {
        self.0.get(&node).is_some_and(|last| now.since(*last) < GONE)
    }
}
