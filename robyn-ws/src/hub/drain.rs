//! The state of an app's drain: whether it has begun, which tasks still run, and whether its grace period is over.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
    },
};

use tokio::sync::watch;

use crate::{
    types::close::{Ending, close_code},
    util::sync::{Mutex, MutexGuard},
};

/// The drain of one app.
#[derive(Debug)]
pub(crate) struct Drain {
    begun: AtomicBool,
    /// The close code for the clients.
    code: AtomicU16,
    /// Number of running tasks: connections and upgrades.
    tasks: watch::Sender<usize>,
    /// Number of connections that have ended since the drain began.
    connections_ended: AtomicUsize,
    /// Number of running upgrade handlers, by the key of the entry.
    upgrade_handlers: Mutex<HashMap<usize, usize>>,
    /// Whether running upgrades are refused instead of awaited.
    refuses_upgrades: watch::Sender<bool>,
}

impl Drain {
    pub(super) fn new() -> Self {
        Self {
            begun: AtomicBool::new(false),
            code: AtomicU16::new(close_code::AWAY),
            tasks: watch::Sender::new(0),
            connections_ended: AtomicUsize::new(0),
            upgrade_handlers: Mutex::default(),
            refuses_upgrades: watch::Sender::new(false),
        }
    }

    pub(crate) fn set_code(&self, code: u16) {
        self.code.store(code, Ordering::Relaxed);
    }

    /// Returns the ending of a connection that the drain closes.
    pub(crate) fn ending(&self) -> Ending {
        Ending::drained(self.code.load(Ordering::Relaxed))
    }

    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counts a task until the guard is dropped. Call it before [`Self::has_begun`]: then the task sees the drain, or
    /// the drain waits for the task.
    pub(crate) fn count_task(self: &Arc<Self>) -> TaskGuard {
        self.tasks.send_if_modified(|tasks| {
            *tasks += 1;
            false // Only the end of the last task is awaited.
        });
        TaskGuard(self.clone())
    }

    /// Returns the number of connections that have ended since the drain began.
    pub(crate) fn connections_ended(&self) -> usize {
        self.connections_ended.load(Ordering::SeqCst)
    }

    /// Waits until no task runs.
    pub(crate) async fn idle(&self) {
        let mut tasks = self.tasks.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = tasks.wait_for(|tasks| *tasks == 0).await;
    }

    /// Refuses upgrades whose handler runs, now and later.
    pub(crate) fn refuse_upgrades(&self) {
        self.refuses_upgrades.send_replace(true);
    }

    /// Waits until running upgrades are refused.
    pub(crate) async fn upgrades_refused(&self) {
        let mut refuses_upgrades = self.refuses_upgrades.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = refuses_upgrades.wait_for(|refuses| *refuses).await;
    }

    /// Records that the upgrade handler with this key runs, until the guard is dropped.
    pub(crate) fn upgrade_handler(self: &Arc<Self>, key: usize) -> UpgradeHandlerGuard {
        *self.lock().entry(key).or_default() += 1;
        UpgradeHandlerGuard {
            drain: self.clone(),
            key,
        }
    }

    /// Returns the keys of the running upgrade handlers, once for each run.
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

/// Counts one task until it is dropped.
#[derive(Debug)]
pub(crate) struct TaskGuard(Arc<Drain>);

impl TaskGuard {
    /// Counts the task as a connection from now on.
    pub(crate) const fn into_connection(self) -> ConnectionGuard {
        ConnectionGuard(self)
    }
}

/// Counts one task that has become a connection.
#[derive(Debug)]
pub(crate) struct ConnectionGuard(TaskGuard);

impl ConnectionGuard {
    /// Returns `true` if the drain has begun. It then waits for this connection.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.0.has_begun()
    }

    /// Returns the ending of the connection in that case.
    pub(crate) fn ending(&self) -> Ending {
        self.0.0.ending()
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

/// Records that one upgrade handler runs.
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
