//! How an app uses its backplane.

use std::{fmt, sync::Arc};

use crate::backplane::{Backplane, Health, key::BackplaneKey};

/// How an app uses its backplane.
pub(crate) struct BackplaneSettings {
    pub(crate) backplane: Arc<dyn Backplane>,
    pub(crate) key: Option<BackplaneKey>,
    /// Whether other nodes may close connections of this one though there is no key.
    pub(crate) trusts_all: bool,
    pub(crate) on_health: Option<HealthHook>,
    pub(crate) max_messages: usize,
    pub(crate) max_bytes: usize,
}

/// Code of the user that is told of changes of the health.
pub(crate) type HealthHook = Arc<dyn Fn(Health) + Send + Sync>;

impl fmt::Debug for BackplaneSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackplaneSettings")
            .field("backplane", &self.backplane)
            .finish_non_exhaustive()
    }
}
