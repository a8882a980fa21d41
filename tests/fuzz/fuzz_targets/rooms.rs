//! Proves that whatever the rooms are called and whoever comes and goes, each message reaches exactly who it is for, once
//! and in order.

#![no_main]

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex},
};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use robyn_ws::{App, Limits, SendError, WebSocketConnector, websocket};
use robyn_ws_fuzz::{Client, Seen, SharedApp, build, connect, let_others_run, run};

const CLIENTS: usize = 3;
const MAX_ROOMS: usize = 3;
const MAX_ROOM_NAME: usize = 16;
/// Fewer messages than a mailbox holds.
const MAX_OPS: usize = 100;

/// A room's name: one that others use as well, or any.
#[derive(Arbitrary, Clone, Debug)]
enum Name {
    Common(u8),
    Any(String),
}

/// What rooms are named on.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Whole {
    Connector,
    Everyone,
    Others,
}

#[derive(Arbitrary, Debug)]
enum Op {
    Join(u8, Name),
    Leave(u8, Name),
    Everyone(u8),
    Others(u8),
    Rooms {
        from: u8,
        whole: Whole,
        room: Name,
        more: Option<Name>,
        except: Option<u8>,
    },
    SendTo(u8, u8),
    Close(u8),
    Wait,
}

static CONNECTORS: Mutex<Vec<WebSocketConnector>> = Mutex::new(Vec::new());

#[websocket("/rooms", on = "connect")]
fn enter(ws: WebSocketConnector) -> &'static str {
    CONNECTORS.lock().unwrap().push(ws);
    "welcome"
}

static APP: SharedApp = LazyLock::new(|| {
    let limits = Limits::default()
        .max_rooms_per_connection(MAX_ROOMS)
        .max_room_name(MAX_ROOM_NAME);
    build(App::new().limits(limits))
});

fuzz_target!(|ops: Vec<Op>| {
    run(&APP.hub, async {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let raw = connect(&APP.router, b"/rooms").await;
            let mut client = raw.expect("a valid handshake").client().await;
            assert_eq!(client.see().await, Seen::Text("welcome".to_owned()));
            clients.push(client);
        }
        let mut world = World {
            members: std::mem::take(&mut *CONNECTORS.lock().unwrap())
                .into_iter()
                .map(Member::new)
                .collect(),
        };
        for (number, op) in ops.iter().take(MAX_OPS).enumerate() {
            world.step(op, &number.to_string()).await;
            world.compare();
        }
        for (member, client) in world.members.iter().zip(&mut clients) {
            member.connector.close();
            member.check(client).await;
        }
        let endpoint = APP.hub.endpoint("/rooms");
        assert_eq!((endpoint.count(), endpoint.room_count()), (0, 0));
    });
});

/// A connection, and what should be true of it.
struct Member {
    connector: WebSocketConnector,
    open: bool,
    rooms: BTreeSet<String>,
    /// Those it was in when it was closed, which it may still tell.
    rooms_at_end: BTreeSet<String>,
    messages: Vec<String>,
}

struct World {
    members: Vec<Member>,
}

impl World {
    async fn step(&mut self, op: &Op, text: &str) {
        match op {
            Op::Join(who, room) => {
                let member = self.at(*who);
                let room = room.text();
                let known = member.rooms.contains(&room);
                let has_room = known || member.rooms.len() < MAX_ROOMS;
                let may = member.open && has_room && room.len() <= MAX_ROOM_NAME;
                assert_eq!(member.connector.join(&room).is_member, may, "joined");
                if may {
                    member.rooms.insert(room);
                }
            }
            Op::Leave(who, room) => {
                let member = self.at(*who);
                let room = room.text();
                assert_eq!(
                    member.connector.leave(&room).was_member,
                    member.rooms.remove(&room),
                    "left"
                );
            }
            Op::Everyone(from) => {
                let queued = self.at(*from).connector.sync_broadcast(text).queued;
                assert_eq!(queued, self.expect(text, |_| true));
            }
            Op::Others(from) => {
                let connector = self.at(*from).connector.clone();
                let queued = connector.others().async_broadcast(text).await.queued;
                assert_eq!(
                    queued,
                    self.expect(text, |member| member.connector.id() != connector.id())
                );
            }
            Op::Rooms {
                from,
                whole,
                room,
                more,
                except,
            } => {
                let connector = self.at(*from).connector.clone();
                let mut audience = match whole {
                    Whole::Connector => connector.to(room.text()),
                    Whole::Everyone => connector.everyone().to(room.text()),
                    Whole::Others => connector.others().to(room.text()),
                };
                let mut rooms = vec![room.text()];
                if let Some(more) = more {
                    audience = audience.to(more.text());
                    rooms.push(more.text());
                }
                let except = except.map(|who| self.at(who).connector.id());
                if let Some(id) = except {
                    audience = audience.except(id);
                }
                let count = audience.count();
                assert_eq!(audience.sync_broadcast(text).queued, count);
                let is_meant = |member: &Member| {
                    let id = member.connector.id();
                    let is_sender = id == connector.id();
                    let is_left_out = except == Some(id) || (is_sender && matches!(whole, Whole::Others));
                    rooms.iter().any(|room| member.rooms.contains(room)) && !is_left_out
                };
                assert_eq!(count, self.expect(text, is_meant));
            }
            Op::SendTo(from, to) => {
                let from = self.at(*from).connector.clone();
                let to = self.at(*to);
                let sent = from.sync_send_to(to.connector.id(), text);
                if to.open {
                    to.messages.push(text.to_owned());
                }
                assert_eq!(sent, if to.open { Ok(()) } else { Err(SendError::NotConnected) });
            }
            Op::Close(who) => {
                let member = self.at(*who);
                member.connector.close();
                if member.open {
                    member.open = false;
                    member.rooms_at_end = std::mem::take(&mut member.rooms);
                }
            }
            Op::Wait => let_others_run().await,
        }
    }

    fn at(&mut self, who: u8) -> &mut Member {
        &mut self.members[usize::from(who) % CLIENTS]
    }

    /// Notes the message for everyone that it is meant for, and gives how many that are.
    fn expect(&mut self, text: &str, is_meant: impl Fn(&Member) -> bool) -> usize {
        let meant = self.members.iter_mut().filter(|member| member.open && is_meant(member));
        meant.map(|member| member.messages.push(text.to_owned())).count()
    }

    fn compare(&self) {
        let endpoint = APP.hub.endpoint("/rooms");
        assert_eq!(
            endpoint.count(),
            self.members.iter().filter(|member| member.open).count()
        );
        let rooms: BTreeSet<_> = self.members.iter().flat_map(|member| &member.rooms).collect();
        assert_eq!(endpoint.room_count(), rooms.len());
        for member in &self.members {
            let rooms: BTreeSet<String> = member.connector.rooms().into_iter().collect();
            let told_at_end = !member.open && rooms == member.rooms_at_end;
            assert!(told_at_end || rooms == member.rooms, "the rooms of a member");
        }
    }
}

impl Member {
    fn new(connector: WebSocketConnector) -> Self {
        Self {
            connector,
            open: true,
            rooms: BTreeSet::new(),
            rooms_at_end: BTreeSet::new(),
            messages: Vec::new(),
        }
    }

    /// Reads everything, which is exactly what was noted.
    async fn check(&self, client: &mut Client) {
        for message in &self.messages {
            assert_eq!(client.see().await, Seen::Text(message.clone()));
        }
        assert_eq!(client.see().await, Seen::Close(1000, String::new()));
    }
}

impl Name {
    fn text(&self) -> String {
        match self {
            Self::Common(number) => (number % 4).to_string(),
            Self::Any(name) => name.clone(),
        }
    }
}
