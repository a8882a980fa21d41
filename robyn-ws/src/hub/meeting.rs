//! Two nodes in one test.

use std::time::Duration;

use tokio::time::sleep;

use crate::{backplane::cluster::Cluster, hub::Hub};

/// How often it is looked whether a node is heard of.
const LOOK: Duration = Duration::from_millis(1);

impl Hub {
    /// Waits until two nodes reach each other with all that their connections take now.
    ///
    /// # Errors
    ///
    /// The name of the one without a backplane.
    pub(crate) async fn meet(&self, other: &Self) -> Result<(), String> {
        let missing = |whose: &str| format!("{whose} app has no backplane: add `App::backplane`");
        let here = self.cluster().ok_or_else(|| missing("this"))?;
        let there = other.cluster().ok_or_else(|| missing("the other"))?;
        here.subscribed().await;
        there.subscribed().await;
        hear(here, there).await;
        hear(there, here).await;
        Ok(())
    }
}

/// Waits until `here` has heard of `there`.
async fn hear(here: &Cluster, there: &Cluster) {
    // An id tells its node.
    if let Some(node) = here.other_node_of(there.connection_id()) {
        while !here.hears(node) {
            sleep(LOOK).await;
        }
    }
}
