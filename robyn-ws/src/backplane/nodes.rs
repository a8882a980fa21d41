//! The other nodes, as far as this one hears of them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use crate::{backplane::node::NodeId, util::time::Moment};

/// The time between two signs of life.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);

/// A node that is not heard of for so long is gone.
const GONE: Duration = Duration::from_secs(10);

/// The most nodes. Who can publish could make up any number of them.
const MAX_NODES: usize = 10_000;

/// The people of a node that has said that it ends are known for so long: most of them come back to another node meanwhile.
const FAREWELL: Duration = Duration::from_secs(15);

/// The other nodes, each with the moment when it was heard of last.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    living: HashMap<NodeId, Moment>,
    left: HashMap<NodeId, Moment>,
}

impl Nodes {
    /// Takes note of a sign of life.
    pub(super) fn heard(&mut self, node: NodeId, now: Moment) {
        if let Some(last) = self.living.get_mut(&node) {
            *last = now;
        } else if self.living.len() < MAX_NODES {
            self.living.insert(node, now);
        }
    }

    /// Takes note of a node that ends.
    pub(super) fn left(&mut self, node: NodeId, now: Moment) {
        if self.living.remove(&node).is_some() {
            self.left.insert(node, now);
        }
    }

    /// Removes and returns the nodes that are gone.
    pub(super) fn sweep(&mut self, now: Moment) -> HashSet<NodeId> {
        let silent = self.living.extract_if(|_, last| now.since(*last) >= GONE);
        let ended = self.left.extract_if(|_, left| now.since(*left) >= FAREWELL);
        silent.chain(ended).map(|(node, _)| node).collect()
    }

    /// Returns `true` if the node was heard of lately.
    pub(super) fn lives(&self, node: NodeId, now: Moment) -> bool {
        self.living.get(&node).is_some_and(|last| now.since(*last) < GONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_node_is_gone_after_10_s_and_one_that_says_so_keeps_its_people_for_15_s() {
        let (silent, leaving, lively) = (NodeId::random(), NodeId::random(), NodeId::random());
        let (mut nodes, start) = (Nodes::default(), Moment::now());
        for node in [silent, leaving, lively] {
            nodes.heard(node, start);
        }
        nodes.left(leaving, start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(nodes.lives(silent, at(9)) && !nodes.lives(leaving, at(0)));
        nodes.heard(lively, at(8));
        assert_eq!(nodes.sweep(at(10)), HashSet::from([silent]));
        assert_eq!(nodes.sweep(at(15)), HashSet::from([leaving]));
        nodes.heard(silent, at(16));
        assert!(nodes.lives(silent, at(16)), "it stood still and comes back");
    }
}
