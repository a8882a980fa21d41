//! A set of connections: all connections of an endpoint, or the members of a room.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use indexmap::IndexSet;

use crate::{
    hub::{
        batch::{Broadcast, PendingBatches},
        flusher::Flusher,
        live::Live,
        members::Enqueued,
    },
    types::id::{ConnectionId, IdHash},
    wire::deflate::Forms,
};

/// A set of connections, with a snapshot that broadcasts share. The first broadcast after a change creates the
/// snapshot.
#[derive(Debug, Default)]
pub(super) struct Group {
    members: IndexSet<Member, IdHash>,
    snapshot: Option<Snapshot>,
}

/// A connection found by its id. A set of these is smaller than a map with ids as keys.
#[derive(Debug)]
struct Member(Arc<Live>);

impl Borrow<ConnectionId> for Member {
    fn borrow(&self) -> &ConnectionId {
        &self.0.id
    }
}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Member {}

/// The connections of a group at one moment, by flusher.
pub(super) type Snapshot = Arc<[Shard]>;

/// The connections of a group with the same flusher.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) flusher: Arc<Flusher>,
    pub(super) connections: Arc<[Arc<Live>]>,
    /// The forms of these connections.
    pub(super) forms: Forms,
}

impl Group {
    pub(super) fn insert(&mut self, live: Arc<Live>) -> bool {
        self.snapshot = None;
        self.members.insert(Member(live))
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Arc<Live>> {
        self.snapshot = None;
        self.members.swap_take(&id).map(|Member(live)| live)
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Arc<Live>> {
        self.members.get(&id).map(|Member(live)| live)
    }

    pub(super) fn contains(&self, id: ConnectionId) -> bool {
        self.members.contains(&id)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Arc<Live>> {
        self.members.iter().map(|Member(live)| live)
    }

    /// Returns the members at these indexes. Removing a member changes the index of the last one only.
    pub(super) fn range(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = &Arc<Live>> {
        let some = self.members.get_range(places);
        some.into_iter().flatten().map(|Member(live)| live)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the number of members that are not in `except`, which has no duplicates.
    pub(super) fn count_except(&self, except: &[ConnectionId]) -> usize {
        self.len() - except.iter().filter(|id| self.contains(**id)).count()
    }

    pub(super) fn snapshot(&mut self) -> Snapshot {
        let members = self.members.iter().map(|Member(live)| live);
        self.snapshot.get_or_insert_with(|| shards(members)).clone()
    }
}

impl Group {
    /// Returns the forms of all members.
    pub(super) fn forms(&mut self) -> Forms {
        let mut forms = Forms::default();
        for shard in self.snapshot().iter() {
            forms.add_all(shard.forms);
        }
        forms
    }

    /// Defers a broadcast to all members.
    pub(super) fn enqueue(&mut self, broadcast: Broadcast<'_>, enqueued: &mut Enqueued) -> Snapshot {
        let snapshot = self.snapshot();
        for shard in snapshot.iter() {
            let defer = |pending: &mut PendingBatches| pending.enqueue((self, shard), broadcast, &mut enqueued.direct);
            enqueued.queued += shard.flusher.with_pending(defer);
        }
        snapshot
    }

    /// Queues all deferred frames of the members' flushers.
    pub(super) fn queue_pending(&mut self) -> Snapshot {
        let snapshot = self.snapshot();
        for shard in snapshot.iter() {
            shard.flusher.with_pending(|pending| pending.queue_all(Vec::new()));
        }
        snapshot
    }
}

fn shards<'l>(members: impl Iterator<Item = &'l Arc<Live>>) -> Snapshot {
    // Searched one by one: there are nearly always at most as many shards as threads.
    let mut shards = Vec::<(&Arc<Flusher>, Vec<Arc<Live>>)>::new();
    for live in members {
        let known = shards.iter().position(|(flusher, _)| live.is_served_by(flusher));
        let shard = known.unwrap_or_else(|| {
            shards.push((&live.flusher, Vec::new()));
            shards.len() - 1
        });
        shards[shard].1.push(live.clone());
    }
    let shards = shards.into_iter().map(|(flusher, connections)| {
        let mut forms = Forms::default();
        for live in &connections {
            forms.add(live.mailbox.form());
        }
        Shard {
            flusher: flusher.clone(),
            connections: connections.into(),
            forms,
        }
    });
    shards.collect()
}
