//! What a drain knows of an app: whether it has begun, what still runs, and whether its patience is over.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::sync::watch;

use crate::util::sync::{Mutex, MutexGuard};

/// The drain of one app.
#[derive(Debug)]
pub(crate) struct Drain {
    begun: AtomicBool,
    /// How many tasks run, of connections and of upgrades under way.
    tasks: watch::Sender<usize>,
    /// How many connections have ended since the drain began.
    connections_ended: AtomicUsize,
    /// How many times each upgrade handler runs, by the key of its entry.
    upgrade_handlers: Mutex<HashMap<usize, usize>>,
    /// Whether upgrades under way are refused instead of waited for.
    grace_is_over: watch::Sender<bool>,
}

impl Drain {
    pub(super) fn new() -> Self {
        Self {
            begun: AtomicBool::new(false),
            tasks: watch::Sender::new(0),
            connections_ended: AtomicUsize::new(0),
            upgrade_handlers: Mutex::default(),
            grace_is_over: watch::Sender::new(false),
        }
    }

    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counts a task until the guard is dropped. A task counts itself before it asks whether a drain has begun, so that
    /// either it knows of the drain or the drain waits for it.
    pub(crate) fn count_task(self: &Arc<Self>) -> TaskGuard {
        self.tasks.send_if_modified(|tasks| {
            *tasks += 1;
            false // Whoever waits does so for the last to end.
        });
        TaskGuard(self.clone())
    }

    /// Returns how many connections have ended since the drain began.
    pub(crate) fn connections_ended(&self) -> usize {
        self.connections_ended.load(Ordering::SeqCst)
    }

    /// Waits until no task runs.
    pub(crate) async fn idle(&self) {
        let mut tasks = self.tasks.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = tasks.wait_for(|tasks| *tasks == 0).await;
    }

    /// Refuses the upgrades whose handlers still run, now and from now on.
    pub(crate) fn lose_patience(&self) {
        self.grace_is_over.send_replace(true);
    }

    /// Waits until upgrades under way are to be refused.
    pub(crate) async fn grace_over(&self) {
        let mut grace_is_over = self.grace_is_over.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = grace_is_over.wait_for(|lost| *lost).await;
    }

    /// Notes that the upgrade handler with this key runs, until the guard is dropped.
    pub(crate) fn upgrade_handler(self: &Arc<Self>, key: usize) -> UpgradeHandlerGuard {
        *self.lock().entry(key).or_default() += 1;
        UpgradeHandlerGuard {
            drain: self.clone(),
            key,
        }
    }

    /// Returns the keys of the upgrade handlers that run, each as many times as it runs.
    pub(super) fn running_upgrade_handlers(&self) -> Vec<usize> {
        let running = self.lock();
        running
            .iter()
            .flat_map(|(key, times)| std::iter::repeat_n(*key, *times))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, usize>> {
        self.upgrade_handlers.lock()
    }
}

/// Counts one task.
#[derive(Debug)]
pub(crate) struct TaskGuard(Arc<Drain>);

impl TaskGuard {
    /// Counts the task as a connection from now on.
    pub(crate) const fn into_connection(self) -> ConnectionGuard {
        ConnectionGuard(self)
    }
}

/// Counts a task that has become a connection.
#[derive(Debug)]
pub(crate) struct ConnectionGuard(TaskGuard);

impl ConnectionGuard {
    /// Returns whether the drain has begun, which then waits for this connection.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.0.has_begun()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        if self.is_draining() {
            self.0.0.connections_ended.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.0.tasks.send_if_modified(|tasks| {
            *tasks -= 1;
            *tasks == 0
        });
    }
}

/// Notes that one upgrade handler runs.
#[derive(Debug)]
pub(crate) struct UpgradeHandlerGuard {
    drain: Arc<Drain>,
    key: usize,
}

impl Drop for UpgradeHandlerGuard {
    fn drop(&mut self) {
        let mut running = self.drain.lock();
        if let Some(times) = running.get_mut(&self.key) {
            *times -= 1;
            if *times == 0 {
                running.remove(&self.key);
            }
        }
    }
}
