//! Proves that with a key only what a node has said reaches the clients of another, once and in order, whatever comes over
//! the bus besides; and that without a key whatever comes is at worst a message or a Close.

#![no_main]

use std::sync::{Arc, Mutex};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use robyn_ws::{
    App, Backplane, BackplaneFuture, BackplaneKey, BuiltApp, Health, Inbox, Interest, Subject, WebSocketConnector,
    axum::body::Bytes, websocket,
};
use robyn_ws_fuzz::{Client, Seen, build, connect, emptied, let_others_run, may_be_sent, run_alone};

const MAX_OPS: usize = 100;

/// The bytes of a tag, and its mark in the first byte.
const TAG: usize = 32;
const SEALED: u8 = 0x80;

/// The last message that a client gets.
const END: &str = "the end";

/// What is done to what a node has said.
#[derive(Arbitrary, Debug)]
enum Change {
    Set(u16, u8),
    Cut(u16),
    Add(Vec<u8>),
    Insert(u16, u8),
    Replace(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Op {
    Say,
    SayToIdentity,
    SayKeyed,
    Close(u16),
    /// What was said comes, perhaps again, or later than what was said after it.
    Pass(u8),
    PassAll,
    PassChanged(u8, Change),
    Wait,
}

#[websocket("/envelopes", on = "connect")]
fn enter(ws: WebSocketConnector) -> &'static str {
    ws.join("room");
    let _ = ws.identify("somebody"); // There is no limit.
    "welcome"
}

fuzz_target!(|ops: Vec<Op>| {
    run_alone(async {
        let key = || BackplaneKey::new("a secret of this target");
        let speaker = Node::start(|app| app.backplane_key(key())).await;
        let mut keyed = Node::start(|app| app.backplane_key(key())).await;
        let mut trusting = Node::start(App::trust_backplane).await;
        let mut open = Said::default();
        open.note(&speaker, None).await;
        let (mut expected, mut last, mut forged) = (Vec::new(), None, 0);
        for (number, op) in ops.iter().take(MAX_OPS).enumerate() {
            let text = format!("message {number}");
            let endpoint = speaker.app.hub.endpoint("/envelopes");
            match op {
                Op::Say => {
                    endpoint.to("room").sync_broadcast(text.as_str());
                    open.note(&speaker, Some(text)).await;
                }
                Op::SayToIdentity => {
                    speaker.app.hub.identity("somebody").sync_broadcast(text.as_str());
                    open.note(&speaker, None).await;
                }
                Op::SayKeyed => {
                    endpoint.to("room").keyed("key").sync_broadcast(text.as_str());
                    open.note(&speaker, None).await;
                }
                Op::Close(code) => {
                    endpoint.to("nobody").close_with(*code, "closed");
                    open.note(&speaker, None).await;
                }
                Op::Pass(which) => {
                    if let Some(place) = open.place(*which) {
                        pass(&open, place, &mut last, &mut expected, [&keyed, &trusting]);
                    }
                }
                Op::PassAll => {
                    for place in 0..open.0.len() {
                        pass(&open, place, &mut last, &mut expected, [&keyed, &trusting]);
                    }
                }
                Op::PassChanged(which, change) => {
                    let Some(place) = open.place(*which) else { continue };
                    let original = &open.0[place].0;
                    trusting.bus.pass(change.applied_to(&unsealed(original)));
                    let changed = change.applied_to(original);
                    if changed != *original {
                        forged += 1;
                        keyed.bus.pass(changed);
                    }
                }
                Op::Wait => let_others_run().await,
            }
        }
        let counters = keyed.app.hub.backplane_counters().expect("there is a backplane");
        // On a machine that stood still.
        if counters.late == 0 {
            assert_eq!(counters.ignored, forged, "each forged one is ignored and counted");
            keyed.app.hub.endpoint("/envelopes").sync_broadcast(END);
            for text in expected {
                assert_eq!(keyed.client.see().await, Seen::Text(text));
            }
            assert_eq!(keyed.client.see().await, Seen::Text(END.to_owned()));
        }
        trusting.app.hub.endpoint("/envelopes").sync_broadcast(END);
        loop {
            match trusting.client.see().await {
                Seen::Text(text) if text == END => break,
                Seen::Close(code, _) => {
                    assert!(may_be_sent(code), "{code}");
                    break;
                }
                Seen::Text(_) | Seen::Binary(_) => {}
                Seen::Lost => panic!("an end comes with a Close frame"),
            }
        }
        for node in [speaker, keyed, trusting] {
            drop(node.client);
            emptied(&node.app.hub).await;
        }
    });
});

/// Passes what was said to the nodes, of which the client of one expects it.
fn pass(
    said: &Said,
    place: usize,
    last: &mut Option<usize>,
    expected: &mut Vec<String>,
    [keyed, trusting]: [&Node; 2],
) {
    let (payload, text) = &said.0[place];
    match text {
        Some(text) if last.is_none_or(|last| last < place) => {
            *last = Some(place);
            expected.push(text.clone());
        }
        // It has an order of its own.
        None if contains(payload, b"message ") => return,
        _ => {}
    }
    keyed.bus.pass(payload.clone());
    trusting.bus.pass(unsealed(payload));
}

/// Returns an envelope as a node without a key writes it: without its tag, and the mark of that.
fn unsealed(sealed: &Bytes) -> Bytes {
    let mut bytes = sealed[..sealed.len() - TAG].to_vec();
    bytes[0] &= !SEALED;
    bytes.into()
}

/// What a node has said, with the texts that are for the room and no key.
#[derive(Default)]
struct Said(Vec<(Bytes, Option<String>)>);

impl Said {
    /// Takes note of what the node says now.
    async fn note(&mut self, speaker: &Node, text: Option<String>) {
        let_others_run().await;
        for payload in speaker.bus.take() {
            let its = text.clone().filter(|text| contains(&payload, text.as_bytes()));
            self.0.push((payload, its));
        }
    }

    fn place(&self, which: u8) -> Option<usize> {
        usize::from(which).checked_rem(self.0.len())
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Change {
    fn applied_to(&self, original: &Bytes) -> Bytes {
        let mut bytes = original.to_vec();
        let at = |place: u16| usize::from(place) % original.len();
        match self {
            Self::Set(place, byte) => bytes[at(*place)] = *byte,
            Self::Cut(place) => bytes.truncate(at(*place)),
            Self::Add(more) => bytes.extend_from_slice(more),
            Self::Insert(place, byte) => bytes.insert(at(*place), *byte),
            Self::Replace(other) => bytes.clone_from(other),
        }
        bytes.into()
    }
}

/// A node with one client.
struct Node {
    app: BuiltApp,
    bus: Bus,
    client: Client,
}

impl Node {
    async fn start(settings: impl FnOnce(App) -> App) -> Self {
        let bus = Bus::default();
        let app = build(settings(App::new().backplane(bus.clone())));
        let raw = connect(&app.router, b"/envelopes").await;
        let mut client = raw.expect("a valid handshake").client().await;
        assert_eq!(client.see().await, Seen::Text("welcome".to_owned()));
        Self { app, bus, client }
    }
}

/// A bus that keeps what is published, and carries what the target passes.
#[derive(Clone, Debug, Default)]
struct Bus {
    inbox: Arc<Mutex<Option<Inbox>>>,
    published: Arc<Mutex<Vec<Bytes>>>,
}

impl Bus {
    fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.published.lock().unwrap())
    }

    fn pass(&self, payload: Bytes) {
        let inbox = self.inbox.lock().unwrap().clone();
        inbox.expect("the bus is open").deliver([payload]);
    }
}

impl Backplane for Bus {
    fn open(&self, inbox: Inbox) {
        *self.inbox.lock().unwrap() = Some(inbox);
    }

    fn publish(&self, _subject: Subject, payload: Bytes) -> BackplaneFuture<'_> {
        self.published.lock().unwrap().push(payload);
        done()
    }

    fn subscribe(&self, _interests: Vec<Interest>) -> BackplaneFuture<'_> {
        done()
    }

    fn unsubscribe(&self, _interests: Vec<Interest>) -> BackplaneFuture<'_> {
        done()
    }

    fn health(&self) -> Health {
        Health::Up
    }

    fn max_payload(&self) -> usize {
        1024 * 1024
    }
}

fn done<'a>() -> BackplaneFuture<'a> {
    Box::pin(async { Ok(()) })
}
