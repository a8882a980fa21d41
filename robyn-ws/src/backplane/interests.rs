//! What this node wants to get: the subjects of its rooms and identities, or whole partitions if there are many.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    mem,
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    backplane::subject::{Interest, PARTITIONS, Subject},
    util::{sync::Mutex, time::Moment},
};

/// How long an interest outlives its last room or connection, so that rooms which come and go do not change it each time.
const LINGER: Duration = Duration::from_secs(5);

/// With more subjects, a node is interested in their partitions.
const MAX_SUBJECTS: usize = 10_000;

/// With fewer subjects, a node that is interested in partitions goes back to subjects.
const FEW_SUBJECTS: usize = MAX_SUBJECTS / 2;

/// The interests of a node.
#[derive(Debug)]
pub(super) struct Interests {
    table: Mutex<Table>,
    changed: Notify,
}

#[derive(Debug)]
struct Table {
    subjects: HashMap<Subject, Use>,
    /// Subjects without a use, in the order in which they end.
    ending: VecDeque<(Moment, Subject)>,
    /// Number of subjects in each partition.
    partitions: [u32; PARTITIONS],
    is_partitioned: bool,
    /// Interests to add (`true`), which the backplane does not know, or to remove, which it knows.
    changes: HashMap<Interest, bool>,
    /// Whether the backplane knows none of the interests.
    is_forgotten: bool,
}

/// Whether a subject is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// By so many rooms and identities: one, but for equal hashes.
    Used(u32),
    Until(Moment),
}

/// Interests to add, and then those to remove.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: Vec<Interest>,
    pub(super) removed: Vec<Interest>,
    /// Whether `added` are all interests.
    pub(super) are_all: bool,
    /// Subjects that are used no more.
    pub(super) ended: Vec<Subject>,
}

impl Interests {
    pub(super) fn new() -> Self {
        Self {
            table: Mutex::new(Table {
                subjects: HashMap::new(),
                ending: VecDeque::new(),
                partitions: [0; PARTITIONS],
                is_partitioned: false,
                changes: HashMap::new(),
                is_forgotten: true,
            }),
            changed: Notify::new(),
        }
    }

    /// Adds a use of a subject.
    pub(super) fn begin(&self, subject: Subject) {
        if self.table.lock().begin(subject) {
            self.changed.notify_one();
        }
    }

    /// Removes a use of a subject.
    pub(super) fn end(&self, subject: Subject, now: Moment) {
        self.table.lock().end(subject, now);
    }

    /// Returns `true` if a subject is used.
    pub(super) fn has(&self, subject: Subject) -> bool {
        matches!(self.table.lock().subjects.get(&subject), Some(Use::Used(_)))
    }

    /// Takes the changes since the last call, at `now`, or all interests if the backplane knows none.
    pub(super) fn take_changes(&self, now: Moment) -> Changes {
        let mut table = self.table.lock();
        let ended = table.expire(now);
        let changes = mem::take(&mut table.changes);
        let (added, removed): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, is_added)| *is_added);
        let interests = |changes: Vec<(Interest, bool)>| changes.into_iter().map(|(interest, _)| interest).collect();
        let are_all = mem::take(&mut table.is_forgotten);
        Changes {
            added: if are_all { table.all() } else { interests(added) },
            // A backplane may remember its interests.
            removed: interests(removed),
            are_all,
            ended,
        }
    }

    /// Forgets the subjects whose time is over, while the backplane cannot be told, and returns them.
    pub(super) fn expire(&self, now: Moment) -> Vec<Subject> {
        self.table.lock().expire(now)
    }

    /// Says that changes have failed, or some of them: each is made again, as it is wanted by now. If the backplane knows no
    /// others either, [`Self::forget`] says so.
    pub(super) fn failed(&self, changes: impl IntoIterator<Item = Interest>) {
        let mut table = self.table.lock();
        for interest in changes {
            let is_wanted = table.is_wanted(interest);
            table.changes.insert(interest, is_wanted);
        }
        self.changed.notify_one();
    }

    /// Says that the backplane may know none of the interests.
    pub(super) fn forget(&self) {
        self.table.lock().is_forgotten = true;
        self.changed.notify_one();
    }

    /// Has the backplane told of changes soon, if there are any.
    pub(super) fn look(&self) {
        self.changed.notify_one();
    }

    /// Waits until there may be interests to add.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Table {
    /// Adds a use of a subject. Returns `true` if that changes the interests.
    fn begin(&mut self, subject: Subject) -> bool {
        match self.subjects.get_mut(&subject) {
            Some(Use::Used(uses)) => {
                *uses += 1;
                false
            }
            Some(ending) => {
                *ending = Use::Used(1);
                false
            }
            None => {
                self.subjects.insert(subject, Use::Used(1));
                self.add(subject)
            }
        }
    }

    /// Notes an interest to add or to remove. One that was to be removed or added cancels that.
    fn change(&mut self, interest: Interest, is_added: bool) {
        match self.changes.entry(interest) {
            Entry::Vacant(place) => drop(place.insert(is_added)),
            Entry::Occupied(change) if *change.get() != is_added => drop(change.remove()),
            Entry::Occupied(_) => {}
        }
    }

    fn is_wanted(&self, interest: Interest) -> bool {
        match interest {
            Interest::Subject(subject) => {
                self.subjects.contains_key(&subject) && !(self.is_partitioned && subject.partition().is_some())
            }
            Interest::Partition(partition) => self.is_partitioned && self.partitions[usize::from(partition)] > 0,
        }
    }

    fn add(&mut self, subject: Subject) -> bool {
        let Some(partition) = subject.partition() else {
            self.change(Interest::Subject(subject), true);
            return true;
        };
        let number = &mut self.partitions[usize::from(partition)];
        *number += 1;
        let is_first = *number == 1;
        if !self.is_partitioned && self.subjects.len() > MAX_SUBJECTS {
            self.switch(true);
            return true;
        }
        if !self.is_partitioned {
            self.change(Interest::Subject(subject), true);
        } else if is_first {
            self.change(Interest::Partition(partition), true);
        }
        !self.is_partitioned || is_first
    }

    fn end(&mut self, subject: Subject, now: Moment) {
        let Some(its) = self.subjects.get_mut(&subject) else {
            return;
        };
        match its {
            Use::Used(1) => {
                let until = now + LINGER;
                *its = Use::Until(until);
                self.ending.push_back((until, subject));
            }
            Use::Used(uses) => *uses -= 1,
            Use::Until(_) => {}
        }
    }

    /// Removes the subjects whose time is over, and returns them.
    fn expire(&mut self, now: Moment) -> Vec<Subject> {
        let mut ended = Vec::new();
        while let Some((until, subject)) = self.ending.front().copied()
            && until <= now
        {
            self.ending.pop_front();
            if self.subjects.get(&subject) == Some(&Use::Until(until)) {
                self.subjects.remove(&subject);
                self.remove(subject);
                ended.push(subject);
            }
        }
        if self.is_partitioned && self.subjects.len() < FEW_SUBJECTS {
            self.switch(false);
        }
        ended
    }

    fn remove(&mut self, subject: Subject) {
        let Some(partition) = subject.partition() else {
            self.change(Interest::Subject(subject), false);
            return;
        };
        let number = &mut self.partitions[usize::from(partition)];
        *number -= 1;
        if !self.is_partitioned {
            self.change(Interest::Subject(subject), false);
        } else if *number == 0 {
            self.change(Interest::Partition(partition), false);
        }
    }

    /// Switches between partitions and subjects. What is published meanwhile comes twice, which is noticed.
    fn switch(&mut self, is_partitioned: bool) {
        self.is_partitioned = is_partitioned;
        let partitions: Vec<_> = self.used_partitions().collect();
        let subjects: Vec<_> = self.subjects.keys().copied().collect();
        for subject in subjects.into_iter().filter(|subject| subject.partition().is_some()) {
            self.change(Interest::Subject(subject), !is_partitioned);
        }
        for partition in partitions {
            self.change(partition, is_partitioned);
        }
    }

    fn all(&self) -> Vec<Interest> {
        let is_single = |subject: &&Subject| !self.is_partitioned || subject.partition().is_none();
        let subjects = self.subjects.keys().filter(is_single).copied().map(Interest::Subject);
        let partitions = self.used_partitions().filter(|_| self.is_partitioned);
        subjects.chain(partitions).collect()
    }

    fn used_partitions(&self) -> impl Iterator<Item = Interest> {
        let numbered = (0..=u8::MAX).zip(self.partitions);
        numbered
            .filter(|(_, number)| *number > 0)
            .map(|(partition, _)| Interest::Partition(partition))
    }
}

#[cfg(test)]
mod tests;
