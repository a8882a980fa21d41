//! This node among the nodes of its app.

use std::{ops::Deref, sync::Arc};

use tokio::{runtime::Handle, task::JoinHandle};

use crate::backplane::{
    Inbox, Receive, settings::BackplaneSettings, sharing, tasks, this_node::ThisNode, tracked::Tracked,
};

/// How often it is looked whether the backplane has been told.
#[cfg(feature = "test-util")]
const LOOK: std::time::Duration = std::time::Duration::from_millis(1);

/// This node, with its tasks, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    node: Arc<ThisNode>,
    tasks: [JoinHandle<()>; 4],
}

impl Cluster {
    /// Joins the nodes of an app. `receiver` takes what comes for this one.
    pub(crate) fn join(
        settings: BackplaneSettings,
        tracked: Arc<Tracked>,
        receiver: Arc<dyn Receive>,
        runtime: &Handle,
    ) -> Self {
        let node = Arc::new(ThisNode::new(settings, tracked));
        let _entered = runtime.enter();
        node.backplane().open(Inbox::new(receiver));
        let tasks = [
            runtime.spawn(tasks::publish(node.clone())),
            runtime.spawn(tasks::subscribe(node.clone())),
            runtime.spawn(tasks::live(node.clone())),
            runtime.spawn(sharing::share(node.clone())),
        ];
        Self { node, tasks }
    }

    /// Waits until the backplane is up and has been told all that this node wants to get now.
    #[cfg(feature = "test-util")]
    pub(crate) async fn subscribed(&self) {
        // The telling that runs now may have begun before.
        let enough = self.node.reports.tellings() + 2;
        while self.node.reports.tellings() < enough {
            self.node.interests.look();
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Deref for Cluster {
    type Target = ThisNode;

    fn deref(&self) -> &ThisNode {
        &self.node
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
