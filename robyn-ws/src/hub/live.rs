//! One live connection, as everybody but its driver sees it.

use std::sync::Arc;

use crate::{
    ConnectionId, Message, Overflow, SendError,
    close::Ending,
    frame::{Frame, FrameCounter},
    hub::endpoint::EndpointHub,
    mailbox::{Mailbox, Pushed, Sender},
    request::UpgradeRequest,
};

/// A live connection. Connectors, the hub and the driver share it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: ConnectionId,
    pub(crate) mailbox: Mailbox,
    pub(crate) request: UpgradeRequest,
    pub(crate) endpoint: Arc<EndpointHub>,
}

impl Live {
    /// Queues `message` now, or applies the overflow policy now.
    pub(crate) fn send(&self, message: &Message, sender: Sender) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = self.mailbox.push(frame, sender);
        self.account(pushed)
    }

    /// Queues `message` as soon as there is room.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn send_wait(&self, message: &Message, sender: Sender) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = self.mailbox.push_wait(frame, sender).await;
        self.account(pushed)
    }

    /// Draws the conclusions from what the overflow policy did: what was dropped is counted, and who was disconnected
    /// leaves the hub at once.
    pub(crate) fn account(&self, pushed: Result<Pushed, SendError>) -> Result<(), SendError> {
        let (dropped, result) = match pushed {
            Ok(Pushed::Queued) => (0, Ok(())),
            Ok(Pushed::Evicted(count)) => (count, Ok(())),
            Err(error @ (SendError::QueueFull | SendError::TimedOut)) => (1, Err(error)),
            Err(error) => (0, Err(error)),
        };
        if dropped > 0 {
            let policy = self.mailbox.overflow();
            tracing::debug!(id = %self.id, endpoint = %self.endpoint.path, dropped, policy = policy.label(), "a full queue dropped messages");
            self.endpoint.telemetry.dropped(dropped, policy);
            if policy == Overflow::Disconnect {
                self.endpoint.leave(self.id);
            }
        }
        result
    }

    /// Takes the connection out of the hub at once and asks its driver to end it. Gives the ending that stands: the
    /// first.
    pub(crate) fn close(&self, ending: Ending) -> Ending {
        let standing = self.mailbox.close(ending);
        self.endpoint.leave(self.id);
        standing
    }

    pub(crate) fn encoder(&self) -> &FrameCounter {
        &self.endpoint.telemetry.frames_encoded
    }
}
