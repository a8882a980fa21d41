//! Broadcasts of which a client needs only the newest.

use std::{
    fmt,
    future::{Ready, ready},
    sync::Arc,
};

use futures_util::future::join_all;
use serde::Serialize;

use crate::{
    hub::{
        audience::{Audience, BroadcastIsSyncOrAsync, Delivery},
        keyed_order::Waiter,
        live::Live,
        members::EndpointMembers,
        recipients::Recipients,
    },
    mailbox::{
        TryPushError,
        keyed::{KeyedFrame, Removed},
    },
    types::{backplane_delivery::BackplaneDelivery, error::JsonError, message::Message},
    wire::deflate::BroadcastFrame,
};

/// An audience for the newest message of a key, from [`Audience::keyed`].
///
/// A broadcast replaces, in the queue of each recipient, the message of the same key that the connection has not begun to
/// write. So for a client that reads slowly, at most one message of each key waits in the server's queue, which does not grow
/// with time. What has left the queue is not replaced, and can be old when the client reads it.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/prices", on = "connect")]
/// fn connect() {}
///
/// fn publish(hub: &Hub, symbol: &str, price: f64) -> Delivery {
///     hub.endpoint("/prices").to(symbol).keyed(symbol).sync_broadcast(format!("{symbol} {price}"))
/// }
///
/// let app = App::new().limits(Limits::default().max_outbound_messages(2000));
/// let delivery = publish(&app.hub(), "BTC", 64_123.5);
/// assert_eq!((delivery.queued, delivery.replaced), (0, 0));
/// ```
///
/// * A message takes the place of the one that it replaces, so messages of different keys keep the order in which their
///   keys were first queued. A key that is not queued comes last.
/// * The newest message of all publishers is the same for all recipients: keyed broadcasts of an endpoint are queued one
///   after the other.
/// * A key belongs to the endpoint: in the queue of a client that is in two rooms, a message to one room replaces a message
///   to the other. Where rooms have values of their own, name the room in the key: `keyed(format!("{room}/BTC"))`.
/// * Keys are compared by 128 bits of hashes with random seeds. They are case-sensitive and can have any length.
/// * Up to about 16 KiB of a queue are written at once and cannot be replaced, nor can what the kernels, proxies and the client
///   itself have taken: thousands of small messages. A smaller send buffer of the listener's
///   (`tokio::net::TcpSocket::set_send_buffer_size`) bounds only the server's part of that. See
///   [newest values](crate::docs::newest_values#behind-the-queue).
/// * The queue's bounds count all keys, and what is being written: set
///   [`Limits::max_outbound_messages`](crate::Limits::max_outbound_messages) above the number of both. A longer message can exceed `max_outbound_bytes` in the place of a shorter one. If there is no room,
///   [`Limits::overflow`](crate::Limits::overflow) applies.
/// * What others broadcast while the `connect` handler runs is replaced in the same way, and comes after the handler's reply.
///   What the handler itself broadcasts is not replaced by others.
/// * A message is compressed as any other (feature `deflate`). A connection with a context of its own
///   (`Compression::dedicated`) compresses it when it is written, so a message that its context has seen is never replaced.
#[derive(Clone)]
#[must_use = "an audience does nothing until something is broadcast to it"]
pub struct KeyedAudience {
    audience: Audience,
    key: Box<str>,
}

impl KeyedAudience {
    pub(super) fn new(audience: Audience, key: &str) -> Self {
        Self {
            audience,
            key: key.into(),
        }
    }

    #[doc(hidden)]
    pub fn broadcast<M: BroadcastIsSyncOrAsync>(&self, _message: M) -> Ready<Delivery> {
        ready(Delivery::default())
    }

    /// Queues `message` for the audience without waiting, in the place of an older one of the key. If a queue is full,
    /// [`Limits::overflow`](crate::Limits::overflow) applies. The message is encoded once.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let message = message.into();
        let delivery = self.broadcast_here(&message);
        Delivery {
            backplane: self.remote_broadcast(&message),
            ..delivery
        }
    }

    /// Queues `message` for the connections of this node, as [`Self::sync_broadcast`].
    pub(super) fn broadcast_here(&self, message: &Message) -> Delivery {
        let endpoints = self.audience.endpoints().into_iter();
        let deliveries = endpoints.map(|endpoint| {
            let frame = self.audience.encode(&endpoint, message);
            let (delivery, _) = self.push_all(&endpoint, &frame, false);
            report(&endpoint, delivery)
        });
        deliveries.fold(Delivery::default(), Delivery::sum)
    }

    /// Queues `message` for the audience, in the place of an older one of the key, and waits for the connections whose queue
    /// is full, as [`Audience::async_broadcast`].
    ///
    /// A message stops waiting for a connection when a newer one of the key is queued or waits for it. It then counts as
    /// neither queued nor dropped.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, connections whose queue had room have the message, and the others do not.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let (message, endpoints) = (message.into(), self.audience.endpoints());
        let begun: Vec<_> = endpoints
            .iter()
            .map(|endpoint| self.begin(endpoint, &message))
            .collect();
        // Before the wait, in which a newer message of the key may be published.
        let backplane = self.remote_broadcast(&message);
        let deliveries = join_all(begun.into_iter().map(Begun::finish)).await;
        let delivery = deliveries.into_iter().fold(Delivery::default(), Delivery::sum);
        Delivery { backplane, ..delivery }
    }

    /// Queues `message` for the other nodes.
    fn remote_broadcast(&self, message: &Message) -> BackplaneDelivery {
        self.audience
            .remote()
            .broadcast(&self.audience, Some(&self.key), message)
    }

    /// Queues `value` as JSON for the audience, as [`Self::sync_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be serialized to JSON.
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(Message::json(value)?))
    }

    /// Queues `value` as JSON for the audience, as [`Self::async_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be serialized to JSON.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::async_broadcast`].
    pub async fn async_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.async_broadcast(Message::json(value)?).await)
    }

    /// Queues `message` for the recipients at one endpoint that have room.
    fn begin<'e>(&self, endpoint: &'e Arc<EndpointMembers>, message: &Message) -> Begun<'e> {
        let frame = self.audience.encode(endpoint, message);
        let (delivery, waiters) = self.push_all(endpoint, &frame, true);
        Begun {
            endpoint,
            frame,
            delivery,
            waiters,
        }
    }

    /// Queues `frame` for all recipients at one endpoint, under the lock of their order. If it `waits`, returns a waiter for
    /// each of those without room.
    fn push_all<'e>(
        &self,
        endpoint: &'e Arc<EndpointMembers>,
        frame: &BroadcastFrame,
        waits: bool,
    ) -> (Delivery, Vec<Waiter<'e>>) {
        let key = endpoint.keyed.key(&self.key);
        let (mut removed, mut waiters) = (Removed::default(), Vec::new());
        let mut order = endpoint.keyed.lock();
        let Recipients { connections, pending } = self.audience.recipients(endpoint);
        let mut queued = Vec::with_capacity(connections.len());
        for live in connections {
            match order.push(
                &live,
                KeyedFrame::new(key, live.its_form_of(frame), waits),
                &mut removed,
            ) {
                Err(TryPushError::Full(_)) if waits => waiters.push(order.wait(live, key)),
                pushed => queued.push((live, pushed)),
            }
        }
        // As they are not counted as queued, neither are the messages that they had before.
        let mut removed_early = Removed::default();
        let queue_early = |live: Arc<Live>| {
            let pushed = order.push(
                &live,
                KeyedFrame::new(key, live.its_form_of(frame), false),
                &mut removed_early,
            );
            (live, pushed)
        };
        let early: Vec<_> = pending.into_iter().map(queue_early).collect();
        // From here on, user code may run: a policy logs, and removed messages are dropped.
        drop(order);
        endpoint.telemetry.replaced(removed_early.replaced);
        let mut delivery = Delivery {
            replaced: removed.replaced,
            ..Delivery::default()
        };
        for (live, pushed) in queued {
            delivery.add(&live, pushed.map_err(|error| live.refused(&error)));
        }
        for (live, pushed) in early {
            live.handle_drops(pushed.map_err(|error| live.refused(&error)));
        }
        (delivery, waiters)
    }
}

/// A broadcast at one endpoint that waits for the recipients without room.
struct Begun<'e> {
    endpoint: &'e Arc<EndpointMembers>,
    frame: BroadcastFrame,
    delivery: Delivery,
    waiters: Vec<Waiter<'e>>,
}

impl Begun<'_> {
    async fn finish(self) -> Delivery {
        let Self {
            endpoint,
            frame,
            mut delivery,
            waiters,
        } = self;
        let pushes = waiters.iter().map(|waiter| waiter.push(&frame));
        for (waiter, pushed) in waiters.iter().zip(join_all(pushes).await) {
            if let Some((pushed, replaced)) = pushed {
                delivery.add(waiter.recipient(), pushed);
                delivery.replaced += replaced;
            }
        }
        report(endpoint, delivery)
    }
}

/// Counts a broadcast to the connections of an endpoint.
fn report(endpoint: &EndpointMembers, delivery: Delivery) -> Delivery {
    endpoint.telemetry.broadcast(delivery.queued);
    endpoint.telemetry.replaced(delivery.replaced);
    delivery
}

impl fmt::Debug for KeyedAudience {
    /// Prints no key, since it may be chosen by a peer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedAudience")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
