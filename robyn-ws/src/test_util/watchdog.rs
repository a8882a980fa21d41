//! Bounds a wait in real time, whatever tokio's clock does.

use std::{sync::mpsc, thread};

use tokio::sync::oneshot;

use crate::test_util::{TIMEOUT, expectation::Outcome};

/// Awaits `future`, and fails with what was awaited if it takes longer than [`TIMEOUT`].
///
/// tokio's own time-out would fire at once under paused time. The thread ends with the wait.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Outcome<T> {
    let (expire, expired) = oneshot::channel();
    let (_alive, dropped) = mpsc::sync_channel::<()>(0);
    thread::spawn(move || {
        if dropped.recv_timeout(TIMEOUT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _nobody_waits = expire.send(());
        }
    });
    tokio::select! {
        biased;
        value = future => Ok(value),
        Ok(()) = expired => Err(format!("{what}: nothing came within {TIMEOUT:?}")),
    }
}
