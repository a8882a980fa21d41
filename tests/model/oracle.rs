//! The oracle: what has to come of every step, by the simplest means. It knows no tasks, no time and no sockets.

use std::collections::BTreeSet;

use robyn_ws::{CloseReason, Overflow, SendError, close_code};

use crate::{
    app::{Farewell, OUTBOUND_MESSAGES, ROOMS_PER_CONNECTION},
    order::{Answer, Burst, Order, Reach, Room},
};

/// A connection, by the order in which they came. Numbers are not used again.
pub(crate) type Number = usize;

/// One step of a test.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A client connects to this endpoint.
    Connect(usize),
    /// A client asks its handler for something.
    Ask(Number, Order<Number>),
    /// The hub is asked for something on this endpoint.
    AskHub(usize, Order<Number>),
    /// A client sends a Close frame with this code.
    Close(Number, u16),
    /// A client ends the connection without a Close frame.
    Vanish(Number),
    /// A client stops reading, and is sent a message of which only the beginning fits into the socket.
    Stall(Number),
    /// A client reads again.
    Resume(Number),
}

/// What a client sees when it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Text(String),
    /// The long message of [`Step::Stall`].
    Plug,
    Close(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// It takes whatever comes as soon as it comes.
    Reads,
    Stalled,
    Gone,
}

/// A connection that there is, or was.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) endpoint: usize,
    pub(crate) client: Client,
    /// Those it was in at its end, when it has ended.
    pub(crate) rooms: BTreeSet<Room>,
    /// Why it ended, as its close handler is told. As long as there is nothing, it is in the hub.
    pub(crate) ended: Option<CloseReason>,
    /// What the client sees when it reads next: for one that reads, what came of the last step.
    pub(crate) due: Vec<Sight>,
}

impl Connection {
    /// Whether the hub knows it.
    pub(crate) const fn is_member(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it is in the hub, and its client reads.
    pub(crate) fn is_fluent(&self) -> bool {
        self.is_member() && self.client == Client::Reads
    }

    /// What its close handler is told, if it has ended.
    pub(crate) fn farewell(&self) -> Option<Farewell> {
        let rooms = self.rooms.iter().map(|room| room.name()).collect();
        Some((self.ended.clone()?, rooms))
    }

    fn has_room(&self) -> bool {
        self.client == Client::Reads || self.due.len() < OUTBOUND_MESSAGES
    }

    fn end(&mut self, reason: CloseReason, frame: u16) {
        self.ended = Some(reason);
        if self.client == Client::Stalled {
            // What is queued goes out as long as the client takes bytes. It takes none, so its plug breaks off.
            self.due = vec![Sight::Close(close_code::ABNORMAL)];
        } else {
            self.due.push(Sight::Close(frame));
        }
    }
}

/// What the oracle knows.
#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    pub(crate) overflow: Overflow,
    pub(crate) connections: Vec<Connection>,
    /// By endpoint, how many messages were dropped for full queues.
    pub(crate) dropped: [usize; 2],
    /// Counts the steps.
    pub(crate) turn: u64,
    /// What the hub has to answer, if it was asked in the last step.
    pub(crate) hub_answer: Option<Answer>,
}

impl Oracle {
    pub(crate) const fn new(overflow: Overflow) -> Self {
        Self {
            overflow,
            connections: Vec::new(),
            dropped: [0; 2],
            turn: 0,
            hub_answer: None,
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        self.turn += 1;
        self.hub_answer = None;
        self.forget_what_was_read();
        match *step {
            Step::Connect(endpoint) => self.connections.push(Connection {
                endpoint,
                client: Client::Reads,
                rooms: BTreeSet::new(),
                ended: None,
                due: Vec::new(),
            }),
            Step::Ask(number, ref order) => self.ask(number, order),
            Step::AskHub(endpoint, ref order) => self.hub_answer = Some(self.obey(endpoint, None, order)),
            Step::Close(number, code) => {
                let reason = String::new();
                self.connections[number].end(CloseReason::Client { code, reason }, code);
            }
            Step::Vanish(number) => self.vanish(number),
            Step::Stall(number) => {
                let connection = &mut self.connections[number];
                connection.client = Client::Stalled;
                connection.due.push(Sight::Plug);
            }
            Step::Resume(number) => self.connections[number].client = Client::Reads,
        }
    }

    /// The members of an endpoint, by number.
    pub(crate) fn members(&self, endpoint: usize) -> impl Iterator<Item = Number> {
        let numbered = self.connections.iter().enumerate();
        numbered
            .filter(move |(_, connection)| connection.is_member() && connection.endpoint == endpoint)
            .map(|(number, _)| number)
    }

    /// The members of an endpoint that are in any of `rooms`.
    pub(crate) fn union(&self, endpoint: usize, rooms: &[Room]) -> BTreeSet<Number> {
        let is_in_one = |number: &Number| rooms.iter().any(|room| self.connections[*number].rooms.contains(room));
        self.members(endpoint).filter(is_in_one).collect()
    }

    fn forget_what_was_read(&mut self) {
        let fluent = |connection: &&mut Connection| connection.client == Client::Reads;
        for connection in self.connections.iter_mut().filter(fluent) {
            connection.due.clear();
            if !connection.is_member() {
                connection.client = Client::Gone;
            }
        }
    }

    fn vanish(&mut self, number: Number) {
        let connection = &mut self.connections[number];
        connection.client = Client::Gone;
        connection.ended.get_or_insert(CloseReason::Abnormal);
        connection.due.clear();
    }

    /// What a handler returns comes after all that it has sent. A Close frame of its own comes last.
    fn ask(&mut self, number: Number, order: &Order<Number>) {
        if let Order::CloseMyself { code } = *order {
            let left = self.members(self.connections[number].endpoint).count() - 1;
            self.answer(number, &Answer::Closed(written(Err(SendError::NotConnected)), left));
            let reason = String::new();
            return self.connections[number].end(CloseReason::Server { code, reason }, code);
        }
        let answer = self.obey(self.connections[number].endpoint, Some(number), order);
        self.answer(number, &answer);
    }

    fn answer(&mut self, number: Number, answer: &Answer) {
        let text = serde_json::to_string(answer).expect("an answer is JSON");
        self.connections[number].due.push(Sight::Text(text));
    }

    fn obey(&mut self, endpoint: usize, by: Option<Number>, order: &Order<Number>) -> Answer {
        match (order, by) {
            (Order::Send { to, burst }, _) => self.send(endpoint, *to, *burst),
            (Order::Broadcast { to, except, burst }, _) => self.broadcast(endpoint, by, (to, except), *burst),
            (Order::Close { whom, code }, None) => self.close(endpoint, *whom, *code),
            (Order::Join(room), Some(number)) => self.join(number, *room),
            (Order::Leave(room), Some(number)) => {
                let gave = self.connections[number].rooms.remove(room);
                self.rooms(number, gave)
            }
            (Order::Several(orders), _) => {
                Answer::Several(orders.iter().map(|order| self.obey(endpoint, by, order)).collect())
            }
            (order, _) => panic!("no such order for {by:?}: {order:?}"),
        }
    }

    fn join(&mut self, number: Number, room: Room) -> Answer {
        let rooms = &mut self.connections[number].rooms;
        let gave = rooms.contains(&room) || rooms.len() < ROOMS_PER_CONNECTION;
        if gave {
            rooms.insert(room);
        }
        self.rooms(number, gave)
    }

    fn rooms(&self, number: Number, gave: bool) -> Answer {
        let rooms = &self.connections[number].rooms;
        let rooms = rooms.iter().map(|room| room.name()).collect();
        Answer::Rooms { gave, rooms }
    }

    fn close(&mut self, endpoint: usize, whom: Number, code: u16) -> Answer {
        let found = self.finds(endpoint, whom);
        if found {
            let reason = String::new();
            self.connections[whom].end(CloseReason::Server { code, reason }, code);
        }
        let result = found.then_some(()).ok_or(SendError::NotConnected);
        Answer::Closed(written(result), self.members(endpoint).count())
    }

    /// Whether a connection can be reached through this endpoint.
    fn finds(&self, endpoint: usize, number: Number) -> bool {
        let connection = &self.connections[number];
        connection.is_member() && connection.endpoint == endpoint
    }

    fn send(&mut self, endpoint: usize, to: Number, burst: Burst) -> Answer {
        let full = if burst.waits {
            SendError::TimedOut
        } else {
            SendError::QueueFull
        };
        let results = burst.texts(self.turn).map(|text| {
            if !self.finds(endpoint, to) {
                return Err(SendError::NotConnected);
            }
            let queued = self.push(to, text).0;
            queued.then_some(()).ok_or(full)
        });
        Answer::Results(results.map(written).collect())
    }

    fn broadcast(
        &mut self,
        endpoint: usize,
        by: Option<Number>,
        (to, except): (&Reach, &[Number]),
        burst: Burst,
    ) -> Answer {
        let audience = |oracle: &Self| -> BTreeSet<Number> {
            let all = match to {
                Reach::Everyone | Reach::Others => oracle.members(endpoint).collect(),
                Reach::Rooms(rooms) | Reach::EveryoneIn(rooms) | Reach::OthersIn(rooms) => {
                    oracle.union(endpoint, rooms)
                }
            };
            let others_only = matches!(to, Reach::Others | Reach::OthersIn(_));
            let is_left_out = |number: &Number| except.contains(number) || (others_only && Some(*number) == by);
            all.into_iter().filter(|number| !is_left_out(number)).collect()
        };
        let count = audience(self).len();
        let deliveries = burst.texts(self.turn).map(|text| {
            // Whoever was disconnected by an earlier message of the burst is no longer there.
            let pushes = audience(self).into_iter().map(|number| self.push(number, text.clone()));
            pushes.fold((0, 0), |(all_queued, all_dropped), (queued, dropped)| {
                (all_queued + usize::from(queued), all_dropped + dropped)
            })
        });
        Answer::Deliveries {
            count,
            deliveries: deliveries.collect(),
        }
    }

    /// Sends a message to a member. Gives whether it was queued, and how many were dropped.
    fn push(&mut self, number: Number, text: String) -> (bool, usize) {
        let connection = &mut self.connections[number];
        let mut dropped = 0;
        if !connection.has_room() {
            dropped = 1;
            self.dropped[connection.endpoint] += 1;
            match self.overflow {
                // The plug is under way already, so the oldest that can be dropped is the one after it.
                Overflow::DropOldest => drop(connection.due.remove(1)),
                Overflow::Disconnect => {
                    connection.end(CloseReason::SlowConsumer, close_code::POLICY);
                    return (false, dropped);
                }
                _ => return (false, dropped),
            }
        }
        connection.due.push(Sight::Text(text));
        (true, dropped)
    }
}

fn written(result: Result<(), SendError>) -> String {
    format!("{result:?}")
}
