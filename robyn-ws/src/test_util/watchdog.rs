//! A timeout in real time, independent of tokio's clock.

use std::{sync::mpsc, thread};

use tokio::sync::oneshot;

use crate::test_util::{TIMEOUT, expectation::Outcome};

/// Awaits `future`, and fails after [`TIMEOUT`]. `what` describes the expectation.
///
/// tokio's own timeout would fire at once under paused time. The thread ends with the wait.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Outcome<T> {
    let (expire, expired) = oneshot::channel();
    let (_alive, dropped) = mpsc::sync_channel::<()>(0);
    thread::spawn(move || {
        if dropped.recv_timeout(TIMEOUT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = expire.send(()); // The wait may be over.
        }
    });
    tokio::select! {
        biased;
        value = future => Ok(value),
        Ok(()) = expired => Err(format!("{what}: timed out after {TIMEOUT:?}")),
    }
}
