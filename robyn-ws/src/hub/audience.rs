//! The recipients of a broadcast, and the broadcast itself.

use std::{
    fmt,
    future::{Ready, ready},
    sync::Arc,
};

use futures_util::future::join_all;

use serde::Serialize;

use crate::{
    hub::{directory::EndpointRef, live::Live, members::Enqueued},
    mailbox::{Pushed, TryPushError},
    types::{
        close::{Ending, close_code},
        error::{JsonError, SendError},
        id::ConnectionId,
        message::Message,
    },
    wire::deflate::{BroadcastFrame, Forms},
};

/// The result of a broadcast.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/talk", on = "message")]
/// fn say(ws: WebSocketConnector, msg: String) -> String {
///     let delivery = ws.others().sync_broadcast(msg);
///     format!("queued for {}, dropped {}", delivery.queued, delivery.dropped)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Number of connections that the message was queued for. A connection whose upgrade is not complete gets the
    /// message but is not counted.
    pub queued: usize,
    /// Number of messages dropped because a queue was full. Under [`Overflow::DropOldest`](crate::Overflow::DropOldest)
    /// these are older messages, otherwise this message.
    pub dropped: usize,
}

impl Delivery {
    #[inline]
    fn add(&mut self, live: &Live, pushed: Result<Pushed, SendError>) {
        self.queued += usize::from(pushed.is_ok());
        // The overflow policy acts on the connection. The sender only sees this `Delivery`.
        self.dropped += live.handle_drops(pushed);
    }
}

/// The recipients of a broadcast: all connections of an endpoint, or the members of some rooms, minus exceptions. Each
/// connection receives the broadcast once.
///
/// The first room narrows the audience to its members. Each further room adds its members: `ws.others().to("red")` are
/// the others in red, and `ws.others().to("red").to("blue")` are the others in red or blue.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/game", on = "message")]
/// fn shout(ws: WebSocketConnector, msg: String) {
///     ws.others().to("red").to("blue").sync_broadcast(msg);
/// }
/// ```
#[derive(Clone)]
#[must_use = "an audience does nothing until something is broadcast to it"]
pub struct Audience {
    endpoint: EndpointRef,
    /// Sorted, without duplicates. `None` stands for all connections.
    rooms: Option<Vec<String>>,
    /// Sorted, without duplicates.
    except: Vec<ConnectionId>,
}

/// No message implements it: a call of `broadcast` is explained by the compiler, whose own suggestion is `sync_broadcast`
/// also where the call is awaited.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "there is no `broadcast`: the methods are `async_broadcast` and `sync_broadcast`",
    label = "write `.async_broadcast(..).await`, or `.sync_broadcast(..)` in a function that is not `async`"
)]
pub trait BroadcastIsSyncOrAsync {}

impl Audience {
    pub(crate) const fn everyone(endpoint: EndpointRef) -> Self {
        Self {
            endpoint,
            rooms: None,
            except: Vec::new(),
        }
    }

    /// Narrows the audience to the members of `room`, or adds them if it has been narrowed to a room before. Exceptions
    /// stay excluded.
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        insert_sorted(self.rooms.get_or_insert_default(), room.as_ref().to_owned());
        self
    }

    /// Excludes the connection `id`, in all rooms.
    pub fn except(mut self, id: ConnectionId) -> Self {
        insert_sorted(&mut self.except, id);
        self
    }

    #[doc(hidden)]
    pub fn broadcast<M: BroadcastIsSyncOrAsync>(&self, _message: M) -> Ready<Delivery> {
        ready(Delivery::default())
    }

    /// Queues `message` for the audience without waiting. If a queue is full,
    /// [`Limits::overflow`](crate::Limits::overflow) applies. The message is encoded once.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let frame = self.encode(&message.into());
        let mut delivery = Delivery::default();
        for live in self.enqueue(&frame, &mut delivery) {
            delivery.add(&live, live.push(live.its_form_of(&frame)));
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }

    /// Queues `message` for the audience, and waits for the connections whose queue is full.
    ///
    /// It waits for all of them at the same time, at most for
    /// [`Limits::broadcast_timeout`](crate::Limits::broadcast_timeout). Then
    /// [`Limits::overflow`](crate::Limits::overflow) applies. After a timeout, later broadcasts do not wait for the
    /// same client until it takes bytes. The message is encoded once.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, connections whose queue had room have the message, and the others do not.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let frame = self.encode(&message.into());
        let mut delivery = Delivery::default();
        let mut full = Vec::new();
        for live in self.enqueue(&frame, &mut delivery) {
            match live.try_push(live.its_form_of(&frame)) {
                Ok(pushed) => delivery.add(&live, Ok(pushed)),
                Err(TryPushError::Refused(error)) => delivery.add(&live, Err(error)),
                Err(TryPushError::Full(_)) => full.push(live),
            }
        }
        let waits = full.iter().map(|live| live.push_wait(live.its_form_of(&frame)));
        for (live, pushed) in full.iter().zip(join_all(waits).await) {
            delivery.add(live, pushed);
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
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

    /// Returns the number of connections in the audience.
    pub fn count(&self) -> usize {
        match self.rooms.as_deref() {
            None => self.endpoint.count_except(&self.except),
            Some([room]) => self.endpoint.count_in(room, &self.except),
            Some(union) => self.endpoint.count_in_any(union, &self.except),
        }
    }

    /// Returns the ids of the connections in the audience, in no particular order.
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.members().iter().map(|live| live.id).collect()
    }

    /// Closes the connections in the audience with code 1000, as [`Self::close_with`]. Returns their number.
    pub fn close(&self) -> usize {
        self.close_with(close_code::NORMAL, "")
    }

    /// Closes the connections in the audience with `code` and `reason`, as
    /// [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with). Returns their number.
    pub fn close_with(&self, code: u16, reason: impl Into<String>) -> usize {
        let members = self.members();
        if members.is_empty() {
            return 0;
        }
        let ending = Ending::server(code, reason);
        for live in &members {
            live.close(ending.clone());
        }
        members.len()
    }

    /// Encodes a message, once for each form of the recipients.
    fn encode(&self, message: &Message) -> BroadcastFrame {
        let endpoint = &self.endpoint;
        endpoint.telemetry.encoded();
        let forms = if endpoint.encoder.compresses() {
            endpoint.forms(self.rooms.as_deref())
        } else {
            Forms::default()
        };
        let (frame, compressed) = endpoint.encoder.broadcast(message, forms);
        endpoint.telemetry.compressed(compressed);
        frame
    }

    fn members(&self) -> Vec<Arc<Live>> {
        self.endpoint.audience(self.rooms.as_deref(), &self.except)
    }

    /// Defers `frame` for the recipients in batched mode and queues it for pending connections. Returns the recipients
    /// in direct mode.
    fn enqueue(&self, frame: &BroadcastFrame, delivery: &mut Delivery) -> Vec<Arc<Live>> {
        let Enqueued {
            queued,
            direct,
            pending,
        } = self.endpoint.enqueue(self.rooms.as_deref(), &self.except, frame);
        delivery.queued += queued;
        for live in pending {
            live.push_early(live.its_form_of(frame));
        }
        direct
    }
}

impl fmt::Debug for Audience {
    /// Prints the number of rooms and not their names, which often are names of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("endpoint", &self.endpoint)
            .field("rooms", &self.rooms.as_ref().map(Vec::len))
            .field("except", &self.except)
            .finish()
    }
}

/// Inserts `value` unless it is there already.
fn insert_sorted<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(place) = sorted.binary_search(&value) {
        sorted.insert(place, value);
    }
}
