//! The app under test: two endpoints whose handlers carry out orders, and note how connections end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use robyn_ws::{HubEndpoint, prelude::*};
use serde::{Deserialize, Serialize};

use crate::order::{Answer, Burst, Order, Reach, Room};

/// The paths of the endpoints.
pub(crate) const ENDPOINTS: [&str; 2] = ["/model/one", "/model/two"];

/// The most messages queued for a client, so few that a client that does not read is soon full.
pub(crate) const OUTBOUND_MESSAGES: usize = 4;

/// The most rooms a connection can be in, one less than there are.
pub(crate) const ROOMS_PER_CONNECTION: usize = 2;

/// How long an `async_` call waits for a client that does not read.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(1);

static MODEL: SubRouter = SubRouter::new("/model");

/// An order on its way to a handler.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) turn: u64,
    pub(crate) order: Order<String>,
}

/// Why a connection ended, and the rooms it was in, sorted.
pub(crate) type Farewell = (CloseReason, Vec<String>);

/// How each connection ended, as often as its close handler was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endings(Arc<Mutex<HashMap<ConnectionId, Vec<Farewell>>>>);

impl Endings {
    fn note(&self, id: ConnectionId, farewell: Farewell) {
        let mut endings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        endings.entry(id).or_default().push(farewell);
    }

    pub(crate) fn of(&self, id: ConnectionId) -> Vec<Farewell> {
        let endings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        endings.get(&id).cloned().unwrap_or_default()
    }
}

/// Makes the app, in which nothing happens by itself however much time passes.
pub(crate) fn app(overflow: Overflow, endings: Endings) -> App {
    let limits = Limits::default()
        .max_outbound_messages(OUTBOUND_MESSAGES)
        .overflow(overflow)
        .max_rooms_per_connection(ROOMS_PER_CONNECTION)
        .send_timeout(SEND_TIMEOUT)
        .heartbeat_interval(None)
        // A client that does not read takes its Close frame only when it reads again.
        .close_timeout(Duration::from_hours(1000));
    App::new().inject_global(endings).limits(limits).include_router(&MODEL)
}

#[websocket("/one", on = "connect", router = MODEL)]
#[websocket("/two", on = "connect", router = MODEL)]
fn introduce(ws: &WebSocketConnector) -> String {
    ws.id().to_string()
}

#[websocket("/one", on = "message", router = MODEL)]
#[websocket("/two", on = "message", router = MODEL)]
async fn obey(ws: WebSocketConnector, Json(errand): Json<Errand>) -> Json<Answer> {
    let name = |id: String| id.parse().expect("an id");
    Json(Speaker::Handler(&ws).obey(errand.turn, errand.order.map(&name)).await)
}

#[websocket("/one", on = "close", router = MODEL)]
#[websocket("/two", on = "close", router = MODEL)]
fn note(ws: &WebSocketConnector, reason: CloseReason, endings: Global<Endings>) {
    endings.note(ws.id(), (reason, sorted_rooms(ws)));
}

/// Who carries out an order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speaker<'a> {
    Handler(&'a WebSocketConnector),
    Hub(&'a HubEndpoint),
}

impl Speaker<'_> {
    pub(crate) async fn obey(self, turn: u64, order: Order<ConnectionId>) -> Answer {
        match (order, self) {
            (Order::Send { to, burst }, _) => self.send(to, burst.texts(turn), burst.waits).await,
            (Order::Broadcast { to, except, burst }, _) => {
                let audience = except.into_iter().fold(self.audience(to), Audience::except);
                broadcast(&audience, turn, burst).await
            }
            (Order::Join(room), Self::Handler(ws)) => rooms(ws.join(room.name()).is_member, ws),
            (Order::Leave(room), Self::Handler(ws)) => rooms(ws.leave(room.name()).was_member, ws),
            (Order::CloseMyself { code }, Self::Handler(ws)) => {
                ws.close_with(code, "");
                let too_late = ws.sync_send("too late");
                Answer::Closed(written(too_late), ws.everyone().count())
            }
            (Order::Close { whom, code }, Self::Hub(endpoint)) => {
                let closed = endpoint.close_with(whom, code, "");
                Answer::Closed(written(closed), endpoint.count())
            }
            (Order::Several(orders), _) => self.obey_all(turn, orders).await,
            (order, _) => panic!("{self:?} cannot do that: {order:?}"),
        }
    }

    async fn obey_all(self, turn: u64, orders: Vec<Order<ConnectionId>>) -> Answer {
        let mut answers = Vec::new();
        for order in orders {
            answers.push(Box::pin(self.obey(turn, order)).await);
        }
        Answer::Several(answers)
    }

    async fn send(self, to: ConnectionId, texts: impl Iterator<Item = String>, waits: bool) -> Answer {
        let mut results = Vec::new();
        for text in texts {
            let result = match (self, waits) {
                (Self::Handler(ws), false) => ws.sync_send_to(to, text),
                (Self::Handler(ws), true) => ws.async_send_to(to, text).await,
                (Self::Hub(endpoint), false) => endpoint.sync_send_to(to, text),
                (Self::Hub(endpoint), true) => endpoint.async_send_to(to, text).await,
            };
            results.push(written(result));
        }
        Answer::Results(results)
    }

    fn audience(self, to: Reach) -> Audience {
        match (to, self) {
            (Reach::Everyone, _) => self.everyone(),
            (Reach::EveryoneIn(rooms), _) => narrowed(self.everyone(), &rooms),
            (Reach::Rooms(rooms), _) => self.union(&rooms),
            (Reach::Others, Self::Handler(ws)) => ws.others(),
            (Reach::OthersIn(rooms), Self::Handler(ws)) => narrowed(ws.others(), &rooms),
            (Reach::Others | Reach::OthersIn(_), Self::Hub(_)) => panic!("to the hub nobody is an other"),
        }
    }

    fn everyone(self) -> Audience {
        match self {
            Self::Handler(ws) => ws.everyone(),
            Self::Hub(endpoint) => endpoint.everyone(),
        }
    }

    fn union(self, rooms: &[Room]) -> Audience {
        let (first, rest) = rooms.split_first().expect("a union of at least one room");
        let first = match self {
            Self::Handler(ws) => ws.to(first.name()),
            Self::Hub(endpoint) => endpoint.to(first.name()),
        };
        narrowed(first, rest)
    }
}

fn narrowed(audience: Audience, rooms: &[Room]) -> Audience {
    rooms.iter().fold(audience, |audience, room| audience.to(room.name()))
}

async fn broadcast(audience: &Audience, turn: u64, burst: Burst) -> Answer {
    let count = audience.count();
    let mut deliveries = Vec::new();
    for text in burst.texts(turn) {
        let delivery = if burst.waits {
            audience.async_broadcast(text).await
        } else {
            audience.sync_broadcast(text)
        };
        deliveries.push((delivery.queued, delivery.dropped));
    }
    Answer::Deliveries { count, deliveries }
}

fn rooms(gave: bool, ws: &WebSocketConnector) -> Answer {
    let rooms = sorted_rooms(ws);
    Answer::Rooms { gave, rooms }
}

fn sorted_rooms(ws: &WebSocketConnector) -> Vec<String> {
    let mut rooms = ws.rooms();
    rooms.sort();
    rooms
}

fn written(result: Result<(), SendError>) -> String {
    format!("{result:?}")
}
