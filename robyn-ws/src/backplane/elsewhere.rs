//! The people that other nodes track in rooms, as far as this one was told.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem,
    time::Duration,
};

use crate::{
    backplane::{
        node::NodeId,
        tracked::{Delta, RoomName, Tracked},
    },
    types::{identity::Identity, present::Shown},
    util::{sync::Mutex, time::Moment},
};

/// The most people of a room that one node may tell of. More are ignored.
const MAX_PEOPLE: usize = 100_000;

/// A node that has people in a room says so every 10 s. One that does not has none there, and what it said last was lost.
const SILENT: Duration = Duration::from_secs(25);

/// The people that other nodes track.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    people: Mutex<HashMap<RoomName, HashMap<NodeId, OfNode>>>,
    wanted: Mutex<Wanted>,
}

/// Rooms whose people this node wants to know.
#[derive(Debug, Default)]
struct Wanted {
    all: HashSet<RoomName>,
    /// Those that are still to be asked for.
    new: BTreeSet<RoomName>,
}

#[derive(Debug)]
struct OfNode {
    version: u64,
    people: HashMap<Identity, (u32, Shown)>,
    /// When it spoke of the room last.
    told: Moment,
    /// Whether it has ended, and its people are expected at other nodes.
    has_ended: bool,
}

impl Elsewhere {
    /// Takes note that the people of a room are to be asked for.
    pub(super) fn want(&self, room: &RoomName) {
        let mut wanted = self.wanted.lock();
        wanted.all.insert(room.clone());
        wanted.new.insert(room.clone());
    }

    /// Returns `true` if the people of a room were asked for, or are to be.
    pub(super) fn wants(&self, room: &RoomName) -> bool {
        self.wanted.lock().all.contains(room)
    }

    /// Takes the rooms whose people are to be asked for.
    pub(super) fn take_new(&self) -> BTreeSet<RoomName> {
        mem::take(&mut self.wanted.lock().new)
    }

    /// Says that rooms could not be asked for yet.
    pub(super) fn want_again(&self, rooms: BTreeSet<RoomName>) {
        let mut wanted = self.wanted.lock();
        let rooms: Vec<_> = rooms.into_iter().filter(|room| wanted.all.contains(room)).collect();
        wanted.new.extend(rooms);
    }

    /// Returns all rooms whose people this node wants to know.
    pub(super) fn all_wanted(&self) -> BTreeSet<RoomName> {
        self.wanted.lock().all.iter().cloned().collect()
    }

    /// Takes what another node says of a room at `now`. Returns `false` if something before it is missing, so that the whole
    /// must be asked for.
    pub(super) fn apply(&self, origin: NodeId, delta: Delta, now: Moment) -> bool {
        let mut rooms = self.people.lock();
        let nodes = rooms.entry(delta.room).or_default();
        if let Some(node) = nodes.get_mut(&origin) {
            node.told = now;
        }
        let known = nodes.get(&origin).map(|node| node.version);
        match (delta.base, known) {
            // It is known already, or something newer: only the last part of a state has its version.
            (_, Some(known)) if known >= delta.version => return true,
            (None, _) => drop(nodes.remove(&origin)),
            (Some(base), Some(known)) if base == known => {}
            (Some(_), _) => return false,
        }
        let node = nodes.entry(origin).or_insert_with(|| OfNode {
            version: 0,
            people: HashMap::new(),
            told: now,
            has_ended: false,
        });
        node.version = delta.version;
        let mut came = Vec::new();
        for (identity, now) in delta.changes {
            match now {
                None => drop(node.people.remove(&identity)),
                Some(now) if node.people.len() < MAX_PEOPLE => {
                    came.push(identity.clone());
                    node.people.insert(identity, now);
                }
                Some(_) => {}
            }
        }
        for ended in nodes.values_mut().filter(|node| node.has_ended) {
            for identity in &came {
                ended.people.remove(identity);
            }
        }
        true
    }

    /// Takes note of a node that ends. Who is at another node already is not expected any more.
    pub(super) fn ends(&self, origin: NodeId, tracked: &Tracked) {
        let mut rooms = self.people.lock();
        for (room, nodes) in rooms.iter_mut() {
            let Some(mut ended) = nodes.remove(&origin) else {
                continue;
            };
            ended.has_ended = true;
            let here: HashSet<_> = tracked
                .people(room)
                .into_iter()
                .map(|(identity, ..)| identity)
                .collect();
            let is_here = |identity: &Identity| here.contains(identity);
            let is_elsewhere = |identity: &Identity| nodes.values().any(|node| node.people.contains_key(identity));
            ended
                .people
                .retain(|identity, _| !is_here(identity) && !is_elsewhere(identity));
            nodes.insert(origin, ended);
        }
    }

    /// Takes note of a person who is at this node now, and so is not expected from a node that has ended.
    pub(super) fn is_back(&self, room: &RoomName, identity: &Identity) {
        let mut rooms = self.people.lock();
        let nodes = rooms.get_mut(room).into_iter().flat_map(HashMap::values_mut);
        for ended in nodes.filter(|node| node.has_ended) {
            ended.people.remove(identity);
        }
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
        let mut wanted = self.wanted.lock();
        wanted.all.remove(room);
        wanted.new.remove(room);
        drop(wanted);
        let forgotten = self.people.lock().remove(room);
        drop(forgotten); // Without the lock: it may be large.
    }

    /// Forgets what nodes have said that are gone, or that speak of a room no more.
    pub(super) fn sweep(&self, gone: &HashSet<NodeId>, now: Moment) {
        self.people.lock().retain(|_, nodes| {
            nodes.retain(|node, its| !gone.contains(node) && now.since(its.told) < SILENT);
            !nodes.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> RoomName {
        RoomName {
            path: "/chat".into(),
            room: "red".into(),
        }
    }

    fn delta(base: Option<u64>, version: u64, names: &[&str]) -> Delta {
        let shown = Shown {
            value: "1".into(),
            at: 0,
        };
        let change = |name: &&str| ((*name).into(), Some((1, shown.clone())));
        Delta {
            room: room(),
            base,
            version,
            changes: names.iter().map(change).collect(),
        }
    }

    #[test]
    fn state_of_several_parts_that_comes_again_is_not_asked_for_again() {
        let (elsewhere, origin, now) = (Elsewhere::default(), NodeId::random(), Moment::now());
        for _ in 0..2 {
            assert!(elsewhere.apply(origin, delta(None, 9, &["ada"]), now));
            assert!(elsewhere.apply(origin, delta(Some(9), 10, &["bob"]), now));
        }
        assert_eq!(elsewhere.people(&room()).len(), 2);
        assert!(
            !elsewhere.apply(origin, delta(Some(11), 12, &["carl"]), now),
            "11 is missing"
        );
    }

    #[test]
    fn people_of_a_node_that_speaks_of_their_room_no_more_are_forgotten() {
        let (elsewhere, start) = (Elsewhere::default(), Moment::now());
        let (silent, lively) = (NodeId::random(), NodeId::random());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (origin, name) in [(silent, "ada"), (lively, "bob")] {
            assert!(elsewhere.apply(origin, delta(None, 1, &[name]), start));
        }
        assert!(elsewhere.apply(lively, delta(Some(1), 1, &[]), at(10)), "a digest");
        elsewhere.sweep(&HashSet::new(), at(24));
        assert_eq!(elsewhere.people(&room()).len(), 2);
        elsewhere.sweep(&HashSet::new(), at(25));
        let people = elsewhere.people(&room());
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].0.as_str(), "bob");
    }
}
