//! The locks of what connections share: the standard library's, or, in `cargo xtask races`, ones that try other
//! interleavings of threads in each run.

#[cfg(races)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(races))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};
