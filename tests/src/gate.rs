//! A gate at which a handler waits until the test opens it.

use std::sync::Arc;

use tokio::{runtime::Handle, sync::Semaphore};

use crate::within;

/// A gate. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets one pass, now or later.
    pub fn open(&self) {
        self.0.add_permits(1);
    }

    /// Waits until the gate is opened for one more.
    ///
    /// # Panics
    ///
    /// If it is not opened in time.
    pub async fn pass(&self) {
        within("a gate to be opened", self.0.acquire())
            .await
            .expect("a gate is never closed for good")
            .forget();
    }

    /// As [`Self::pass`], on a thread that may block.
    ///
    /// # Panics
    ///
    /// As [`Self::pass`].
    pub fn pass_blocking(&self) {
        Handle::current().block_on(self.pass());
    }
}
