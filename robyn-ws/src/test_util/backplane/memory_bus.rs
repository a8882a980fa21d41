//! A bus in memory.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};

use crate::{
    backplane::{BackplaneError, Health, Inbox, Interest, Subject},
    test_util::backplane::faults::{Copies, Faults},
    util::sync::Mutex,
};

/// Number of payloads that wait for a node.
const CAPACITY: usize = 16 * 1024;

/// A bus between nodes of one process, for tests. It has faults on request.
///
/// ```
/// use robyn_ws::test_util::backplane::{Faults, MemoryBus};
///
/// let bus = MemoryBus::new();
/// let (one, other) = (bus.node(), bus.node());
/// bus.cut(&one);
/// bus.heal();
/// bus.faults(Faults::seeded(7).drop(0.1));
/// # drop(other);
/// ```
///
/// A publisher puts its payload into the queues of the other nodes before `publish` ends. A node does not get what it has
/// published itself. At most 16,384 payloads wait for a node, and more are [lost](crate::Inbox::lost).
#[derive(Clone, Debug, Default)]
pub struct MemoryBus(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    nodes: BTreeMap<u64, Connected>,
    /// The number of the next node.
    next: u64,
    faults: Option<Faults>,
}

#[derive(Debug, Default)]
struct Connected {
    interests: HashSet<Interest>,
    is_cut: bool,
    open: Option<Open>,
}

/// What an open node is reached by.
#[derive(Clone, Debug)]
struct Open {
    inbox: Inbox,
    queue: mpsc::Sender<Queued>,
}

/// A payload, and when it comes.
pub(super) type Queued = (Instant, Bytes);

impl MemoryBus {
    /// Creates a bus without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node, and returns its number.
    pub(super) fn add_node(&self) -> u64 {
        let mut state = self.0.lock();
        let number = state.next;
        state.next += 1;
        state.nodes.insert(number, Connected::default());
        number
    }

    /// Sets the faults from now on.
    pub fn faults(&self, faults: Faults) {
        self.0.lock().faults = Some(faults);
    }

    /// Cuts off the node with this number.
    pub(super) fn cut_off(&self, number: u64) {
        self.set_cut(true, |other| other == number);
    }

    /// Ends all faults and cuts.
    pub fn heal(&self) {
        self.0.lock().faults = None;
        self.set_cut(false, |_| true);
    }

    fn set_cut(&self, is_cut: bool, concerns: impl Fn(u64) -> bool) {
        let mut state = self.0.lock();
        let mut changed = Vec::new();
        for (number, node) in &mut state.nodes {
            if concerns(*number) && node.is_cut != is_cut {
                node.is_cut = is_cut;
                node.interests.clear();
                changed.extend(node.open.as_ref().map(|open| open.inbox.clone()));
            }
        }
        drop(state);
        let health = if is_cut { Health::Down } else { Health::Up };
        for inbox in changed {
            inbox.health_changed(health);
        }
    }

    /// Opens a node. Returns its queue, unless it is open.
    pub(super) fn open(&self, number: u64, inbox: Inbox) -> Option<mpsc::Receiver<Queued>> {
        let (queue, queued) = mpsc::channel(CAPACITY);
        let mut state = self.0.lock();
        let node = state.nodes.get_mut(&number)?;
        if node.open.is_some() {
            return None;
        }
        node.open = Some(Open { inbox, queue });
        Some(queued)
    }

    pub(super) fn remove(&self, number: u64) {
        let removed = self.0.lock().nodes.remove(&number);
        drop(removed);
    }

    pub(super) fn is_cut(&self, number: u64) -> bool {
        self.0.lock().nodes.get(&number).is_none_or(|node| node.is_cut)
    }

    /// Changes the interests of a node.
    pub(super) fn change(
        &self,
        number: u64,
        change: impl FnOnce(&mut HashSet<Interest>),
    ) -> Result<(), BackplaneError> {
        let mut state = self.0.lock();
        let node = state.nodes.get_mut(&number).filter(|node| !node.is_cut);
        change(&mut node.ok_or(BackplaneError::Disconnected)?.interests);
        Ok(())
    }

    pub(super) fn publish(&self, publisher: u64, subject: Subject, payload: &Bytes) -> Result<(), BackplaneError> {
        let mut state = self.0.lock();
        let State { nodes, faults, .. } = &mut *state;
        if nodes.get(&publisher).is_none_or(|node| node.is_cut) {
            return Err(BackplaneError::Disconnected);
        }
        let mut full = Vec::new();
        for (number, node) in nodes {
            if *number == publisher || !node.wants(subject) {
                continue;
            }
            let Some(open) = &node.open else {
                continue;
            };
            let copies = faults.as_mut().map_or(UNDISTURBED, Faults::copies);
            for delay in copies.into_iter().flatten() {
                let queued = (Instant::now() + delay, payload.clone());
                if let Err(TrySendError::Full(_)) = open.queue.try_send(queued) {
                    full.push(open.inbox.clone());
                }
            }
        }
        drop(state);
        for inbox in full {
            inbox.lost(1);
        }
        Ok(())
    }
}

const UNDISTURBED: Copies = [Some(std::time::Duration::ZERO), None];

impl Connected {
    fn wants(&self, subject: Subject) -> bool {
        let partition = subject.partition().map(Interest::Partition);
        let by_partition = partition.is_some_and(|partition| self.interests.contains(&partition));
        by_partition || self.interests.contains(&Interest::Subject(subject))
    }
}
