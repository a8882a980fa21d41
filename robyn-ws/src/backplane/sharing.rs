//! What nodes tell each other of the people whom they track in rooms.
//!
//! A node tells the others of a room what has changed there, at most every 50 ms, and every 10 s which version that is. Who
//! has missed a change asks for all people of the room. So all nodes know the same in the end: within 0.1 s, or within 11 s
//! where something was lost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{
    backplane::{
        envelope::{Body, PresenceChange},
        node::NodeId,
        subject::of_room,
        this_node::ThisNode,
        tracked::{Change, Delta, RoomName},
        watched::{FAREWELL, WATCH},
    },
    types::{backplane_delivery::BackplaneDelivery, identity::Identity, present::Shown},
    util::time::Moment,
};

/// How long changes are gathered.
const GATHERING: Duration = Duration::from_millis(50);

/// How often the versions of rooms are told.
const DIGESTS: Duration = Duration::from_secs(10);

/// Time between two looks whether what was told is published.
const PAUSE: Duration = Duration::from_millis(5);

/// Bytes of the changes in one envelope, or a little more.
const CHUNK: usize = 32 * 1024;

/// A version is this many times the number of changes, so that the parts of a long one have numbers of their own.
const PARTS: u64 = 1 << 16;

/// Tells other nodes of the people whom this one tracks.
pub(super) async fn share(node: Arc<ThisNode>) {
    let mut digests = interval(DIGESTS);
    digests.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let deltas = tokio::select! {
            () = node.tracked.changed() => {
                sleep(GATHERING).await;
                node.tracked.take_changes()
            }
            _ = digests.tick() => node.tracked.digests(),
            () = node.reconnected.notified() => node.tracked.digests(),
            () = node.states.wanted() => {
                for (origin, room) in node.states.take() {
                    if let Some(state) = node.tracked.state(room) {
                        node.tell(&state, Some(origin)).await;
                    }
                }
                continue;
            }
        };
        for delta in deltas {
            node.tell(&delta, None).await;
        }
    }
}

impl ThisNode {
    /// Returns the people of a room whom other nodes track. The first call asks for them, and they are known for a while.
    pub(crate) fn people_elsewhere(&self, room: &RoomName) -> Vec<(Identity, u32, Shown)> {
        self.watch(room, WATCH);
        self.elsewhere.people(room)
    }

    /// Wants to know the people of a room for so long, also without a member here.
    fn watch(&self, room: &RoomName, time: Duration) {
        if self.watched.watch(room, time, Moment::now()) {
            self.interests.begin(of_room(&room.path, &room.room));
            if !self.elsewhere.wants(room) {
                self.ask_for_people(room);
            }
        }
    }

    /// Forgets the people of rooms that were not asked for lately, and have no member here.
    pub(super) fn forget_unwatched(&self, now: Moment) {
        for room in self.watched.take_over(now) {
            let subject = of_room(&room.path, &room.room);
            self.interests.end(subject, now);
            if !self.interests.has(subject) {
                self.elsewhere.forget_room(&room);
                if self.interests.has(subject) {
                    // Somebody has come meanwhile.
                    self.ask_for_people(&room);
                }
            }
        }
    }

    /// Asks all other nodes for the people of a room, as soon as this node gets what they tell the room: so nothing is
    /// missed between the answer and what they tell next.
    pub(crate) fn ask_for_people(&self, room: &RoomName) {
        self.elsewhere.want(room);
        self.interests.look();
    }

    /// Asks for the people of the rooms whose interests the backplane has now.
    pub(super) async fn ask_for_people_of(&self, rooms: &BTreeSet<RoomName>) {
        for room in rooms {
            self.wait_to_tell().await;
            self.want(None, room);
        }
    }

    /// Takes note of a room in which this node has nobody any more.
    pub(crate) fn room_ends(&self, room: &RoomName) {
        let subject = of_room(&room.path, &room.room);
        if self.elsewhere.wants(room) {
            self.watch(room, FAREWELL);
        }
        self.interests.end(subject, Moment::now());
        if !self.interests.has(subject) {
            // Too many rooms are watched.
            self.elsewhere.forget_room(room);
        }
    }

    /// Takes note of a person who is tracked here, and so is back from a node that ends.
    pub(crate) fn is_here(&self, room: &RoomName, identity: &Identity) {
        self.elsewhere.is_back(room, identity);
    }

    fn want(&self, of: Option<NodeId>, room: &RoomName) {
        let wanted = Body::PresenceWanted {
            of,
            path: &room.path,
            room: &room.room,
        };
        let _ = self.publish(&wanted, &[]); // It is counted, and a later version is told in some seconds.
    }

    /// Waits until little of what is told waits to be published. Rooms may be many, and signs of life wait behind them.
    async fn wait_to_tell(&self) {
        while self.outgoing.has_much_to_tell() && self.is_up() {
            sleep(PAUSE).await;
        }
    }

    /// Tells the nodes of a room, or one that has asked, what has changed.
    async fn tell(&self, delta: &Delta, to: Option<NodeId>) {
        let mut parts = parts(&delta.changes);
        let last = parts.next_back().unwrap_or_default();
        let mut base = delta.base.map(|base| base * PARTS);
        let parts: Vec<_> = parts.collect();
        let version = delta.version * PARTS;
        let versions = (version - parts.len() as u64)..version;
        for (part, version) in parts.into_iter().chain([last]).zip(versions.chain([version])) {
            let body = Body::Presence {
                to,
                path: &delta.room.path,
                room: &delta.room.room,
                base,
                version,
                changes: part.iter().map(written).collect(),
            };
            self.wait_to_tell().await;
            if !self.tells_people() || self.publish(&body, &[]) != BackplaneDelivery::Queued {
                return; // It is counted, and the whole is asked for when a later version is told.
            }
            base = Some(version);
        }
    }

    /// Takes what another node says of a room, or answers what it asks.
    pub(super) fn receive_presence(&self, origin: NodeId, body: &Body<'_>) {
        match body {
            Body::PresenceWanted { path, room, .. } if self.tells_people() => {
                self.states.want(origin, named(path, room));
            }
            Body::Presence {
                path,
                room,
                base,
                version,
                changes,
                ..
            } if self.interests.has(of_room(path, room)) => {
                let delta = Delta {
                    room: named(path, room),
                    base: *base,
                    version: *version,
                    changes: changes.iter().map(read).collect(),
                };
                let name = delta.room.clone();
                let now = Moment::now();
                if !self.elsewhere.apply(origin, delta, now) && self.states.may_ask(origin, &name, now) {
                    self.want(Some(origin), &name);
                }
            }
            _ => {}
        }
    }
}

fn named(path: &str, room: &str) -> RoomName {
    RoomName {
        path: path.into(),
        room: room.into(),
    }
}

fn written((identity, now): &Change) -> PresenceChange<'_> {
    let (connections, at, value) = match now {
        Some((connections, shown)) => (*connections, shown.at, &*shown.value),
        None => (0, 0, ""),
    };
    PresenceChange {
        identity: identity.as_str(),
        connections,
        at,
        value,
    }
}

fn read(change: &PresenceChange<'_>) -> Change {
    let shown = Shown {
        value: change.value.into(),
        at: change.at,
    };
    let now = (change.connections > 0).then_some((change.connections, shown));
    (change.identity.into(), now)
}

/// Divides changes into parts of about the same size.
fn parts(changes: &[Change]) -> impl DoubleEndedIterator<Item = &[Change]> {
    let mut size = 0;
    let mut parts = Vec::new();
    let mut start = 0;
    for (place, change) in changes.iter().enumerate() {
        let PresenceChange { identity, value, .. } = written(change);
        size += identity.len() + value.len() + 16;
        if size >= CHUNK {
            parts.push(&changes[start..=place]);
            (start, size) = (place + 1, 0);
        }
    }
    if start < changes.len() {
        parts.push(&changes[start..]);
    }
    parts.into_iter()
}
