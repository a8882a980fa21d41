//! The part of a broadcast for the connections of one endpoint.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::{
    hub::{
        audience::Delivery,
        live::Live,
        members::{EndpointMembers, Enqueued},
    },
    mailbox::TryPushError,
    types::{id::ConnectionId, message::Message},
    wire::deflate::{BroadcastFrame, Forms},
};

/// A broadcast to the connections of one endpoint, encoded, and not yet queued for those in direct mode.
pub(super) struct Share {
    endpoint: Arc<EndpointMembers>,
    frame: BroadcastFrame,
    /// Number of recipients in batched mode, for which the frame is deferred.
    queued: usize,
    direct: Vec<Arc<Live>>,
}

impl Share {
    /// Begins a broadcast to the connections of an endpoint in any of `rooms`, or to all, without `except`.
    pub(super) fn of_endpoint(
        endpoint: &Arc<EndpointMembers>,
        rooms: Option<&[String]>,
        except: &[ConnectionId],
        message: &Message,
    ) -> Self {
        let frame = encode(endpoint, message, forms_in(endpoint, rooms));
        let Enqueued {
            queued,
            direct,
            pending,
        } = endpoint.enqueue(rooms, except, &frame);
        Self {
            endpoint: endpoint.clone(),
            frame,
            queued,
            direct,
        }
        .after(&pending)
    }

    /// Begins a broadcast to these connections of an endpoint, and to `pending` ones.
    pub(super) fn of_connections(
        endpoint: Arc<EndpointMembers>,
        direct: Vec<Arc<Live>>,
        pending: &[Arc<Live>],
        message: &Message,
    ) -> Self {
        let mut forms = Forms::default();
        for live in direct.iter().chain(pending) {
            forms.add(live.mailbox.form());
        }
        Self {
            frame: encode(&endpoint, message, forms),
            endpoint,
            queued: 0,
            direct,
        }
        .after(pending)
    }

    /// Queues the frame for connections whose 101 is not sent yet, which do not count.
    fn after(self, pending: &[Arc<Live>]) -> Self {
        for live in pending {
            live.push_early(live.its_form_of(&self.frame));
        }
        self
    }

    /// Queues the frame for all recipients without waiting.
    pub(super) fn push(self) -> Delivery {
        let mut delivery = Delivery::of(self.queued);
        for live in &self.direct {
            delivery.add(live, live.push(live.its_form_of(&self.frame)));
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }

    /// Queues the frame for all recipients, and waits for those whose queue is full.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, connections whose queue had room have the message, and the others do not.
    pub(super) async fn push_wait(self) -> Delivery {
        let mut delivery = Delivery::of(self.queued);
        let mut full = Vec::new();
        for live in &self.direct {
            match live.try_push(live.its_form_of(&self.frame)) {
                Ok(pushed) => delivery.add(live, Ok(pushed)),
                Err(TryPushError::Refused(error)) => delivery.add(live, Err(error)),
                Err(TryPushError::Full(_)) => full.push(live),
            }
        }
        let waits = full.iter().map(|live| live.push_wait(live.its_form_of(&self.frame)));
        for (live, pushed) in full.iter().zip(join_all(waits).await) {
            delivery.add(live, pushed);
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }
}

/// Returns the forms of the connections in any of `rooms`, or of all.
pub(super) fn forms_in(endpoint: &EndpointMembers, rooms: Option<&[String]>) -> Forms {
    if endpoint.encoder.compresses() {
        endpoint.forms(rooms)
    } else {
        Forms::default()
    }
}

/// Encodes a message once for each form of its recipients.
pub(super) fn encode(endpoint: &EndpointMembers, message: &Message, forms: Forms) -> BroadcastFrame {
    endpoint.telemetry.encoded();
    let (frame, compressed) = endpoint.encoder.broadcast(message, forms);
    endpoint.telemetry.compressed(compressed);
    frame
}
