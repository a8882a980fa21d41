//! Who asks for all people of a room: other nodes of this one, and this one of others.

use std::{collections::BTreeSet, mem, time::Duration};

use tokio::sync::Notify;

use crate::{
    backplane::{node::NodeId, recent::Recent, tracked::RoomName},
    util::{sync::Mutex, time::Moment},
};

/// The most questions that wait. Who asked in vain asks again when it hears of a later version.
const MAX_QUESTIONS: usize = 10_000;

/// The time between two questions to one node for one room. An answer may be long, and come in vain.
const PAUSE: Duration = Duration::from_secs(1);

/// Number of questions that are remembered.
const ASKED: usize = 4096;

/// The questions of other nodes, and the last ones of this node.
#[derive(Debug)]
pub(super) struct States {
    wanted: Mutex<BTreeSet<(NodeId, RoomName)>>,
    changed: Notify,
    asked: Mutex<Recent<(NodeId, RoomName), Moment>>,
}

impl Default for States {
    fn default() -> Self {
        Self {
            wanted: Mutex::default(),
            changed: Notify::new(),
            asked: Mutex::new(Recent::new(ASKED)),
        }
    }
}

impl States {
    /// Takes note of the question of another node.
    pub(super) fn want(&self, origin: NodeId, room: RoomName) {
        let mut wanted = self.wanted.lock();
        if wanted.len() < MAX_QUESTIONS {
            wanted.insert((origin, room));
            drop(wanted);
            self.changed.notify_one();
        }
    }

    /// Waits for questions of other nodes.
    pub(super) async fn wanted(&self) {
        self.changed.notified().await;
    }

    /// Takes the questions of other nodes.
    pub(super) fn take(&self) -> BTreeSet<(NodeId, RoomName)> {
        mem::take(&mut self.wanted.lock())
    }

    /// Returns `true` if this node has not asked `origin` for the room just now.
    pub(super) fn may_ask(&self, origin: NodeId, room: &RoomName, now: Moment) -> bool {
        let mut asked = self.asked.lock();
        let key = (origin, room.clone());
        let is_due = asked.get(&key).is_none_or(|last| now.since(last) >= PAUSE);
        if is_due {
            asked.set(key, now);
        }
        is_due
    }
}
