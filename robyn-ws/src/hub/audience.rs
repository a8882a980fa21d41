//! Who gets a broadcast, and the broadcast itself.

use std::{fmt, sync::Arc};

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
    wire::frame::Frame,
};

/// What became of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// How many connections it was queued for. A client whose upgrade has not quite happened is not counted, and gets it
    /// all the same.
    pub queued: usize,
    /// How many messages were dropped because a queue was full: this one, or with `Overflow::DropOldest` older ones.
    pub dropped: usize,
}

impl Delivery {
    #[inline]
    fn add(&mut self, live: &Live, pushed: Result<Pushed, SendError>) {
        match pushed {
            // Nothing was dropped, so there is nothing to account for.
            Ok(Pushed { evicted: 0, .. }) => {
                self.queued += 1;
                return;
            }
            Ok(Pushed { evicted, .. }) => {
                self.queued += 1;
                self.dropped += evicted;
            }
            Err(SendError::NotConnected) => {}
            Err(SendError::QueueFull | SendError::TimedOut) => self.dropped += 1,
        }
        // The connection is told by its own policy, the sender by this `Delivery`.
        live.account(pushed);
    }
}

/// Who gets a broadcast: everyone of an endpoint or those in some of its rooms, less exceptions. Each gets it once.
///
/// A room that is named narrows everyone to those in it. Further rooms are a union with it: `ws.others().to("red")` is
/// the others that are in red, and `ws.others().to("red").to("blue")` those that are in red or in blue.
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
    /// Sorted, each once. `None` is everyone.
    rooms: Option<Vec<String>>,
    /// Sorted, each once.
    except: Vec<ConnectionId>,
}

impl Audience {
    pub(crate) const fn everyone(endpoint: EndpointRef) -> Self {
        Self {
            endpoint,
            rooms: None,
            except: Vec::new(),
        }
    }

    /// Narrows everyone to the connections in `room`, or adds those to the rooms named before. Exceptions stay out.
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        insert_sorted(self.rooms.get_or_insert_default(), room.as_ref().to_owned());
        self
    }

    /// Leaves out the connection `id`, whatever rooms it is in.
    pub fn except(mut self, id: ConnectionId) -> Self {
        insert_sorted(&mut self.except, id);
        self
    }

    /// Queues `message` for everyone in the audience now, and never blocks. Where a queue is full,
    /// [`Limits::overflow`](crate::Limits::overflow) decides. The message is encoded once.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let frame = self.encode(&message.into());
        let mut delivery = Delivery::default();
        for live in self.enqueue(&frame, &mut delivery) {
            delivery.add(&live, live.push(frame.clone()));
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }

    /// Queues `message` for everyone in the audience. It waits for those whose queue is full, side by side and for at
    /// most [`Limits::broadcast_timeout`](crate::Limits::broadcast_timeout), after which
    /// [`Limits::overflow`](crate::Limits::overflow) decides. A client that was waited for in vain is not waited for
    /// again until it takes bytes. The message is encoded once.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has reached everyone whose queue was not full.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let frame = self.encode(&message.into());
        let mut delivery = Delivery::default();
        let mut full = Vec::new();
        for live in self.enqueue(&frame, &mut delivery) {
            match live.try_push(frame.clone()) {
                Ok(pushed) => delivery.add(&live, Ok(pushed)),
                Err(TryPushError::Refused(error)) => delivery.add(&live, Err(error)),
                Err(TryPushError::Full(_)) => full.push(live),
            }
        }
        let waits = full.iter().map(|live| live.push_wait(frame.clone()));
        for (live, pushed) in full.iter().zip(join_all(waits).await) {
            delivery.add(live, pushed);
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }

    /// Queues `value` as JSON for everyone in the audience, as [`Self::sync_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be JSON.
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(Message::json(value)?))
    }

    /// Queues `value` as JSON for everyone in the audience, as [`Self::async_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be JSON.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::async_broadcast`].
    pub async fn async_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.async_broadcast(Message::json(value)?).await)
    }

    /// Counts the connections in the audience now.
    pub fn count(&self) -> usize {
        match self.rooms.as_deref() {
            None => self.endpoint.count_except(&self.except),
            Some([room]) => self.endpoint.count_in(room, &self.except),
            Some(union) => self.endpoint.count_in_any(union, &self.except),
        }
    }

    /// Returns the ids of the connections in the audience now, in no particular order.
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.members().iter().map(|live| live.id).collect()
    }

    /// Closes every connection in the audience with code 1000, as [`Self::close_with`].
    pub fn close(&self) -> usize {
        self.close_with(close_code::NORMAL, "")
    }

    /// Closes every connection in the audience with `code` and `reason`, as
    /// [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with). Returns the number of connections.
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

    fn encode(&self, message: &Message) -> Frame {
        self.endpoint.telemetry.encoded();
        Frame::message(message)
    }

    fn members(&self) -> Vec<Arc<Live>> {
        self.endpoint.audience(self.rooms.as_deref(), &self.except)
    }

    /// Puts `frame` off for all of the audience, as far as that can be, and counts those. Returns who is to be sent it at once.
    fn enqueue(&self, frame: &Frame, delivery: &mut Delivery) -> Vec<Arc<Live>> {
        let Enqueued {
            queued,
            at_once,
            pending,
        } = self.endpoint.enqueue(self.rooms.as_deref(), &self.except, frame);
        delivery.queued += queued;
        for live in pending {
            live.hold(frame.clone());
        }
        at_once
    }
}

impl fmt::Debug for Audience {
    /// Rooms are often named after people or by them, so only their number is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("endpoint", &self.endpoint)
            .field("rooms", &self.rooms.as_ref().map(Vec::len))
            .field("except", &self.except)
            .finish()
    }
}

/// Adds what is not there yet.
fn insert_sorted<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(place) = sorted.binary_search(&value) {
        sorted.insert(place, value);
    }
}
