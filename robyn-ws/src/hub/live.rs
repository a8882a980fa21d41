//! One live connection, as everybody but its driver sees it.

use std::{sync::Arc, task::Context};

use crate::{
    ConnectionId, Message, Overflow, SendError,
    close::Ending,
    frame::{Frame, FrameCounter},
    hub::endpoint::EndpointHub,
    mailbox::{Mailbox, Pushed, Sender, Written},
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
    pub(crate) fn send(self: &Arc<Self>, message: &Message, sender: Sender) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = self.mailbox.push(frame, sender);
        self.call_courier(pushed);
        self.account(pushed);
        pushed.map(drop)
    }

    /// Queues `message` as soon as there is room.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn send_wait(self: &Arc<Self>, message: &Message, sender: Sender) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = self.push_wait(frame, sender).await;
        self.account(pushed);
        pushed.map(drop)
    }

    /// Queues `frame` as soon as there is room, and has it written.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn push_wait(self: &Arc<Self>, frame: Frame, sender: Sender) -> Result<Pushed, SendError> {
        let pushed = self.mailbox.push_wait(frame, sender).await;
        self.call_courier(pushed);
        pushed
    }

    fn call_courier(self: &Arc<Self>, pushed: Result<Pushed, SendError>) {
        if pushed.is_ok_and(|pushed| pushed.needs_courier) {
            self.endpoint.courier.visit(self);
        }
    }

    /// Draws the conclusions from what the overflow policy did: what was dropped is counted, and who was disconnected
    /// leaves the hub at once.
    pub(crate) fn account(&self, pushed: Result<Pushed, SendError>) {
        let dropped = match pushed {
            Ok(Pushed { evicted, .. }) => evicted,
            Err(SendError::QueueFull | SendError::TimedOut) => 1,
            Err(_) => 0,
        };
        if dropped > 0 {
            let policy = self.mailbox.overflow();
            tracing::debug!(id = %self.id, endpoint = %self.endpoint.path, dropped, policy = policy.label(), "a full queue dropped messages");
            self.endpoint.telemetry.dropped(dropped, policy);
            if policy == Overflow::Disconnect {
                self.endpoint.leave(self.id);
            }
        }
    }

    /// Writes what is queued, as far as the socket takes it. What is left is the driver's, which is woken for it.
    pub(crate) fn write(&self) {
        self.write_with(None);
    }

    /// As [`Self::write`], for the driver, whose context is woken when the socket takes more.
    pub(crate) fn write_with(&self, cx: Option<&mut Context<'_>>) -> Written {
        let (written, load) = self.mailbox.write(cx);
        if load.messages > 0 {
            self.endpoint.telemetry.sent(load.messages, load.bytes);
        }
        written
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
