//! The people that other nodes track in rooms, as far as this one was told.

use std::collections::{HashMap, HashSet};

use crate::{
    backplane::{
        node::NodeId,
        tracked::{Delta, RoomName},
    },
    types::{identity::Identity, present::Shown},
    util::sync::Mutex,
};

/// The most people of a room that one node may tell of. More are ignored.
const MAX_PEOPLE: usize = 100_000;

/// The people that other nodes track, by room and node.
#[derive(Debug, Default)]
pub(super) struct Elsewhere(Mutex<HashMap<RoomName, HashMap<NodeId, OfNode>>>);

#[derive(Debug, Default)]
struct OfNode {
    version: u64,
    people: HashMap<Identity, (u32, Shown)>,
}

impl Elsewhere {
    /// Takes what another node says of a room. Returns `false` if something before it is missing, so that the whole must be
    /// asked for.
    pub(super) fn apply(&self, origin: NodeId, delta: Delta) -> bool {
        let mut rooms = self.0.lock();
        let nodes = rooms.entry(delta.room).or_default();
        let known = nodes.get(&origin).map(|node| node.version);
        match (delta.base, known) {
            // Something newer has come already.
            (_, Some(known)) if known > delta.version => return true,
            (None, _) => {
                nodes.insert(origin, OfNode::default());
            }
            (Some(base), Some(known)) if base == known => {}
            (Some(_), _) => return false,
        }
        let node = nodes.entry(origin).or_default();
        node.version = delta.version;
        for (identity, now) in delta.changes {
            match now {
                None => drop(node.people.remove(&identity)),
                Some(now) if node.people.len() < MAX_PEOPLE => drop(node.people.insert(identity, now)),
                Some(_) => {}
            }
        }
        true
    }

    /// Returns the people of a room.
    pub(super) fn people(&self, room: &RoomName) -> Vec<(Identity, u32, Shown)> {
        let rooms = self.0.lock();
        let people = rooms
            .get(room)
            .into_iter()
            .flat_map(HashMap::values)
            .flat_map(|node| &node.people);
        people
            .map(|(identity, (count, shown))| (identity.clone(), *count, shown.clone()))
            .collect()
    }

    /// Forgets a room in which this node has nobody any more.
    pub(super) fn forget_room(&self, room: &RoomName) {
        let forgotten = self.0.lock().remove(room);
        drop(forgotten); // Without the lock: it may be large.
    }

    /// Forgets what nodes have said that are gone.
    pub(super) fn forget_nodes(&self, gone: &HashSet<NodeId>) {
        if gone.is_empty() {
            return;
        }
        self.0.lock().retain(|_, nodes| {
            nodes.retain(|node, _| !gone.contains(node));
            !nodes.is_empty()
        });
    }
}
