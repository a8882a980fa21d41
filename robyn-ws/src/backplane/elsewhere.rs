//! The people that other nodes track in rooms, as far as this one was told.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem,
};

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

/// The people that other nodes track.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    people: Mutex<HashMap<RoomName, HashMap<NodeId, OfNode>>>,
    /// Rooms whose people are still to be asked for.
    wanted: Mutex<BTreeSet<RoomName>>,
}

#[derive(Debug, Default)]
struct OfNode {
    version: u64,
    people: HashMap<Identity, (u32, Shown)>,
}

impl Elsewhere {
    /// Takes note that the people of rooms are to be asked for.
    pub(super) fn want(&self, rooms: impl IntoIterator<Item = RoomName>) {
        self.wanted.lock().extend(rooms);
    }

    /// Takes the rooms whose people are to be asked for.
    pub(super) fn take_wanted(&self) -> BTreeSet<RoomName> {
        mem::take(&mut self.wanted.lock())
    }

    /// Takes what another node says of a room. Returns `false` if something before it is missing, so that the whole must be
    /// asked for.
    pub(super) fn apply(&self, origin: NodeId, delta: Delta) -> bool {
        let mut rooms = self.people.lock();
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
        let rooms = self.people.lock();
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
        let forgotten = self.people.lock().remove(room);
        drop(forgotten); // Without the lock: it may be large.
    }

    /// Forgets what nodes have said that are gone.
    pub(super) fn forget_nodes(&self, gone: &HashSet<NodeId>) {
        if gone.is_empty() {
            return;
        }
        self.people.lock().retain(|_, nodes| {
            nodes.retain(|node, _| !gone.contains(node));
            !nodes.is_empty()
        });
    }
}
