//! The people that this node tracks in rooms, and what other nodes were told of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    sync::Arc,
};

use tokio::sync::Notify;

use crate::{
    types::{
        id::{ConnectionId, IdMap},
        identity::Identity,
        present::Shown,
    },
    util::sync::Mutex,
};

/// A room of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomName {
    pub(crate) path: Arc<str>,
    pub(crate) room: Arc<str>,
}

/// The people that this node tracks, by room.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    table: Mutex<Table>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    rooms: BTreeMap<RoomName, Room>,
    /// Number of changes so far, in all rooms: a room that is forgotten and comes again has later versions.
    changes: u64,
}

#[derive(Debug, Default)]
struct Room {
    connections: IdMap<(Identity, Shown)>,
    version: u64,
    /// The version that other nodes were told, or 0.
    told: u64,
    /// Who changed since then.
    changed: BTreeSet<Identity>,
}

/// How a person is tracked by one node, or `None` if not any more.
pub(crate) type Change = (Identity, Option<(u32, Shown)>);

/// What has changed in a room from one version to another.
#[derive(Debug)]
pub(super) struct Delta {
    pub(super) room: RoomName,
    /// `None` says that the changes are all people of the room.
    pub(super) base: Option<u64>,
    pub(super) version: u64,
    pub(super) changes: Vec<Change>,
}

impl Tracked {
    /// Tracks a connection, or changes what is known of it. Returns `true` if it is the first one of the room.
    pub(crate) fn track(&self, name: RoomName, id: ConnectionId, identity: Identity, shown: Shown) -> bool {
        let mut table = self.table.lock();
        table.changes += 1;
        let changes = table.changes;
        let room = table.rooms.entry(name).or_default();
        room.version = changes;
        let is_first = room.connections.is_empty();
        let before = room.connections.insert(id, (identity.clone(), shown));
        room.changed.extend(before.map(|(before, _)| before));
        room.changed.insert(identity);
        drop(table);
        self.changed.notify_one();
        is_first
    }

    /// Tracks a connection no more.
    pub(crate) fn untrack(&self, name: &RoomName, id: ConnectionId) {
        let mut table = self.table.lock();
        let changes = table.changes + 1;
        let Some(room) = table.rooms.get_mut(name) else { return };
        let Some((identity, _)) = room.connections.remove(&id) else {
            return;
        };
        room.changed.insert(identity);
        room.version = changes;
        table.changes = changes;
        drop(table);
        self.changed.notify_one();
    }

    /// Changes who a tracked connection is.
    pub(crate) fn rename(&self, name: &RoomName, id: ConnectionId, identity: &Identity) {
        let room = self.table.lock();
        let its = room.rooms.get(name).and_then(|room| room.connections.get(&id).cloned());
        drop(room);
        if let Some((_, shown)) = its {
            self.track(name.clone(), id, identity.clone(), shown);
        }
    }

    /// Returns the people of a room.
    pub(crate) fn people(&self, name: &RoomName) -> Vec<(Identity, u32, Shown)> {
        let table = self.table.lock();
        people(
            table
                .rooms
                .get(name)
                .into_iter()
                .flat_map(|room| room.connections.values()),
        )
    }

    /// Waits until something changes.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes what other nodes were not told yet.
    pub(super) fn take_changes(&self) -> Vec<Delta> {
        let mut deltas = Vec::new();
        self.table.lock().rooms.retain(|name, room| {
            if room.told != room.version {
                deltas.push(room.take_delta(name.clone()));
            }
            !room.connections.is_empty()
        });
        deltas
    }

    /// Returns the version of each room, for nodes that have missed a change.
    pub(super) fn digests(&self) -> Vec<Delta> {
        let table = self.table.lock();
        let told = table.rooms.iter().filter(|(_, room)| room.told == room.version);
        let digest = |(name, room): (&RoomName, &Room)| Delta {
            room: name.clone(),
            base: Some(room.version),
            version: room.version,
            changes: Vec::new(),
        };
        told.map(digest).collect()
    }

    /// Returns all people of a room, for a node that asks. `None` also if they are about to be told for the first time.
    pub(super) fn state(&self, name: RoomName) -> Option<Delta> {
        let table = self.table.lock();
        let room = table.rooms.get(&name).filter(|room| room.told > 0)?;
        let people = people(room.connections.values()).into_iter();
        Some(Delta {
            room: name,
            base: None,
            version: room.told,
            changes: people
                .map(|(identity, count, shown)| (identity, Some((count, shown))))
                .collect(),
        })
    }
}

impl Room {
    fn take_delta(&mut self, name: RoomName) -> Delta {
        let (told, who) = (mem::replace(&mut self.told, self.version), mem::take(&mut self.changed));
        let its = self.connections.values().filter(|(identity, _)| who.contains(identity));
        let mut now: BTreeMap<_, _> = who.iter().map(|identity| (identity.clone(), None)).collect();
        for (identity, count, shown) in people(its) {
            now.insert(identity, Some((count, shown)));
        }
        Delta {
            room: name,
            base: (told > 0).then_some(told),
            version: self.version,
            changes: now.into_iter().collect(),
        }
    }
}

/// Returns each person of some connections once, with the number of their connections and the newest value.
fn people<'a>(connections: impl Iterator<Item = &'a (Identity, Shown)>) -> Vec<(Identity, u32, Shown)> {
    let mut people: HashMap<&Identity, (u32, &Shown)> = HashMap::new();
    for (identity, shown) in connections {
        let (count, newest) = people.entry(identity).or_insert((0, shown));
        *count += 1;
        if shown.at >= newest.at {
            *newest = shown;
        }
    }
    let owned = |(identity, (count, shown)): (&Identity, (u32, &Shown))| (identity.clone(), count, shown.clone());
    people.into_iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_of_a_room_asks_and_nobody_is_told_of_before_the_first_change_is() {
        let (tracked, id) = (Tracked::default(), ConnectionId::random());
        let name = || RoomName {
            path: "/chat".into(),
            room: "red".into(),
        };
        let shown = |value: &str| Shown {
            value: value.into(),
            at: 0,
        };
        assert!(tracked.track(name(), id, "ada".into(), shown("idle")));
        assert!(
            !tracked.track(name(), id, "ada".into(), shown("typing")),
            "it is there already"
        );
        assert!(tracked.state(name()).is_none(), "the first change tells all");
        let changes = tracked.take_changes();
        assert_eq!((changes.len(), changes[0].base), (1, None));
        let state = tracked.state(name()).expect("somebody is there");
        assert_eq!((state.version, state.changes.len()), (changes[0].version, 1));
    }
}
