//! The locks of shared state. `cargo xtask races` replaces the standard library's locks with locks that try a different
//! interleaving of threads in each run.

#[cfg(races)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(races))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};
