//! The locks of this crate. `cargo xtask races` replaces the standard library's locks with locks that try a different
//! interleaving of threads in each run.

use std::sync::PoisonError;

#[cfg(races)]
use shuttle::sync as locks;
#[cfg(races)]
pub(crate) use shuttle::sync::{MutexGuard, atomic::AtomicBool};
#[cfg(not(races))]
use std::sync as locks;
#[cfg(not(races))]
pub(crate) use std::sync::{MutexGuard, atomic::AtomicBool};

/// A mutex that ignores poisoning. User code never runs under a lock of this crate, so a panic under one is a bug that
/// leaves the value intact.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(locks::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(locks::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
