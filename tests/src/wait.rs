//! Waiting with an end.

use std::time::Duration;

use tokio::time::timeout;

/// How long a test waits for what has to come. It is only ever used up by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `condition` is true, for what gives no sign of its own. Other tasks run meanwhile.
///
/// # Panics
///
/// If it does not become true; `what` says what was waited for.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let becoming_true = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    within(what, becoming_true).await;
}

/// Waits for `future`, which has to be ready soon.
///
/// # Panics
///
/// If it is not; `what` says what was waited for.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = timeout(PATIENCE, future).await;
    outcome.unwrap_or_else(|_elapsed| panic!("waited {PATIENCE:?} for {what}"))
}
