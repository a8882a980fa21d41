//! Who gets a broadcast, and the broadcast itself.

use std::{collections::HashSet, fmt, sync::Arc};

use futures_util::future::join_all;

use crate::{
    ConnectionId, Message, SendError,
    frame::Frame,
    hub::{courier::Courier, endpoint::Snapshot, live::Live, reference::EndpointRef},
    mailbox::{Pushed, TryPushError},
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
        let frame = Frame::message(&message.into(), &self.endpoint.telemetry.frames_encoded);
        let mut delivery = Delivery::default();
        self.each(Some(&frame), |live| {
            let pushed = live.push(frame.clone());
            delivery.add(live, pushed);
            pushed.is_ok_and(|pushed| pushed.needs_courier)
        });
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
        let frame = Frame::message(&message.into(), &self.endpoint.telemetry.frames_encoded);
        let mut delivery = Delivery::default();
        let mut full = Vec::new();
        self.each(Some(&frame), |live| {
            let pushed = match live.try_push(frame.clone()) {
                Ok(pushed) => Ok(pushed),
                Err(TryPushError::Refused(error)) => Err(error),
                Err(TryPushError::Full(_)) => {
                    full.push(live.clone());
                    return false;
                }
            };
            delivery.add(live, pushed);
            pushed.is_ok_and(|pushed| pushed.needs_courier)
        });
        let waits = full.iter().map(|live| live.push_wait(frame.clone()));
        for (live, pushed) in full.iter().zip(join_all(waits).await) {
            delivery.add(live, pushed);
        }
        self.endpoint.telemetry.broadcast(delivery.queued);
        delivery
    }

    /// Counts the connections in the audience now.
    pub fn count(&self) -> usize {
        match self.rooms.as_deref() {
            None => self.endpoint.count_except(&self.except),
            Some([room]) => self.endpoint.count_in(room, &self.except),
            Some(_union) => {
                let mut count = 0;
                self.each(None, |_| {
                    count += 1;
                    false
                });
                count
            }
        }
    }

    /// Visits each connection once, without holding a lock. `visit` gives whether the courier is to follow. `held` is kept
    /// for those whose 101 is under way, who are in no room and are not visited.
    fn each(&self, held: Option<&Frame>, mut visit: impl FnMut(&Arc<Live>) -> bool) {
        let mut groups: Vec<Snapshot> = match &self.rooms {
            None => {
                let (everyone, pending) = self.endpoint.everyone_and_pending();
                if let Some(frame) = held {
                    for live in &pending {
                        live.hold(frame.clone());
                    }
                }
                vec![everyone]
            }
            Some(rooms) => self.endpoint.rooms(rooms),
        };
        // What came before a client's end is handled as ever, and so reaches the client as well.
        if let Some(own) = held.and_then(|_| self.endpoint.own_that_left(self.rooms.as_deref())) {
            groups.push([own].into());
        }
        let mut seen = HashSet::new();
        let overlap = groups.len() > 1;
        for group in &groups {
            // Nearly always there is one runtime, and so one courier.
            let (mut needed, mut further) = (None::<&Arc<Courier>>, Vec::<&Arc<Courier>>::new());
            for live in group.iter() {
                let is_left_out = self.except.binary_search(&live.id).is_ok();
                let visits = !is_left_out && (!overlap || seen.insert(live.id));
                if visits && visit(live) && !live.is_served_by(needed.get_or_insert(&live.courier)) {
                    further.push(&live.courier);
                }
            }
            further.dedup_by(|one, other| Arc::ptr_eq(one, other));
            for courier in needed.into_iter().chain(further) {
                courier.visit_group(group);
            }
        }
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
