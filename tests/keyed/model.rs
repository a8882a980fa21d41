//! Keyed and other broadcasts against an oracle: a list for each client, in which a message takes the place of the one of its
//! key.

use std::sync::{Arc, Mutex, PoisonError};

use proptest::{
    collection::vec,
    option::weighted,
    prelude::{Strategy, any},
    prop_oneof, proptest,
    strategy::Just,
    test_runner::Config,
};
use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{COMPRESSED, Codec, FIN, Gate, Probe, RawClient, Request, Server, TEXT, probe, until};

static MODEL: SubRouter = SubRouter::new("/keyed_model");

/// Whom a broadcast is for.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Everyone,
    Red,
    Blue,
    RedOrBlue,
    AllButFirst,
}

/// A broadcast with this many bytes of padding. Without a key, it is an ordinary one.
#[derive(Clone, Debug)]
struct Step {
    key: Option<u8>,
    reach: Reach,
    padding: usize,
}

/// Broadcasts between which nothing is written, by the first client's handler or by the hub.
#[derive(Clone, Debug)]
struct Round {
    by_handler: bool,
    steps: Vec<Step>,
}

/// The steps that the handler runs, with their texts, and the numbers of queued and replaced messages of each.
#[derive(Clone, Default)]
struct Script {
    steps: Arc<Mutex<Vec<(Step, String)>>>,
    deliveries: Arc<Mutex<Vec<[usize; 2]>>>,
}

impl Script {
    /// Runs the steps. `first` is the first client.
    fn run(&self, everyone: &Audience, first: ConnectionId) {
        let steps = std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner));
        let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        for (step, text) in steps {
            let audience = everyone.clone();
            let audience = match step.reach {
                Reach::Everyone => audience,
                Reach::Red => audience.to("red"),
                Reach::Blue => audience.to("blue"),
                Reach::RedOrBlue => audience.to("red").to("blue"),
                Reach::AllButFirst => audience.except(first),
            };
            let delivery = match step.key {
                Some(key) => audience.keyed(key.to_string()).sync_broadcast(text),
                None => audience.sync_broadcast(text),
            };
            deliveries.push([delivery.queued, delivery.replaced]);
        }
    }
}

#[websocket("/", on = "connect", router = MODEL)]
async fn connect(ws: WebSocketConnector, gate: Global<Gate>, probe: Global<Probe>) -> Option<&'static str> {
    for room in ws
        .query_params()
        .get("rooms")
        .into_iter()
        .flat_map(|rooms| rooms.split(','))
    {
        ws.join(room);
    }
    probe.note(ws.id());
    ws.query_params().get("waits")?;
    gate.pass().await;
    Some("hello")
}

#[websocket("/", on = "message", router = MODEL)]
fn run_script(ws: &WebSocketConnector, script: Global<Script>) -> &'static str {
    script.run(&ws.everyone(), ws.id());
    "done"
}

/// The rooms of the clients. The first is plain, the second compresses with a context, the third without, and the `connect`
/// handler of the last runs for some rounds.
const ROOMS: [&[&str]; 4] = [&["red"], &["red", "blue"], &["blue"], &["blue", "red"]];

/// Which clients a broadcast reaches.
fn is_reached(reach: Reach, client: usize) -> bool {
    let rooms = ROOMS[client];
    match reach {
        Reach::Everyone => true,
        Reach::Red => rooms.contains(&"red"),
        Reach::Blue => rooms.contains(&"blue"),
        Reach::RedOrBlue => !rooms.is_empty(),
        Reach::AllButFirst => client != 0,
    }
}

/// What each client has to read.
#[derive(Debug, Default)]
struct Oracle {
    queues: [Vec<(Option<u8>, String)>; 4],
}

impl Oracle {
    /// Returns the number of queued and of replaced messages.
    fn broadcast(&mut self, step: &Step, text: &str) -> [usize; 2] {
        let (mut queued, mut replaced) = (0, 0);
        for (client, queue) in self.queues.iter_mut().enumerate() {
            if !is_reached(step.reach, client) {
                continue;
            }
            queued += 1;
            let same_key = |(key, _): &&mut (Option<u8>, String)| step.key.is_some() && *key == step.key;
            if let Some((_, before)) = queue.iter_mut().find(same_key) {
                text.clone_into(before);
                replaced += 1;
            } else {
                queue.push((step.key, text.to_owned()));
            }
        }
        [queued, replaced]
    }
}

struct ModelClient {
    raw: RawClient,
    codec: Option<Codec>,
}

impl ModelClient {
    async fn connect(server: &Server, target: &str, codec: Option<Codec>) -> Self {
        let mut request = Request::upgrade(target);
        if codec.is_some() {
            request = request.header("Sec-WebSocket-Extensions", "permessage-deflate");
        }
        let raw = request.raw(server).await;
        Self { raw, codec }
    }

    async fn text(&mut self) -> String {
        let (first, payload) = self.raw.next().await;
        assert_eq!(first & !COMPRESSED, FIN | TEXT);
        let payload = match &mut self.codec {
            Some(codec) if first & COMPRESSED != 0 => codec.decompress(&payload),
            _ => payload,
        };
        String::from_utf8(payload).expect("a text")
    }

    async fn expect(&mut self, queue: Vec<(Option<u8>, String)>) {
        for (_, text) in queue {
            assert_eq!(self.text().await, text);
        }
    }
}

async fn check(rounds: Vec<Round>, rounds_of_connect: usize) {
    let (script, gate, (probe, mut seen)) = (Script::default(), Gate::default(), probe());
    let app = App::new()
        .inject_global(probe)
        .inject_global(gate.clone())
        .inject_global(script.clone())
        .compression(Compression::dedicated(1).threshold(128))
        .include_router(&MODEL);
    let server = Server::start(app).await;
    let mut clients = Vec::new();
    let codecs = [None, Some(Codec::with_context()), Some(Codec::shared()), None];
    let mut first = None;
    for (number, codec) in codecs.into_iter().enumerate() {
        let waits = if number == 3 { "&waits" } else { "" };
        let target = format!("/keyed_model?rooms={}{waits}", ROOMS[number].join(","));
        clients.push(ModelClient::connect(&server, &target, codec).await);
        let id: ConnectionId = seen.next().await.parse().expect("an id");
        first.get_or_insert(id);
    }
    let first = first.expect("the first client has come");
    let endpoint = server.hub().endpoint("/keyed_model");
    until("all to be there", || endpoint.count() == ROOMS.len()).await;

    let mut oracle = Oracle::default();
    let mut number = 0;
    for (at, round) in rounds.iter().enumerate() {
        if at == rounds_of_connect {
            finish_connect(&gate, &mut clients[3], &mut oracle).await;
        }
        let steps = round.steps.iter().map(|step| {
            number += 1;
            let text = format!("{:?} {number} {}", step.key, "price,".repeat(step.padding));
            (step.clone(), text)
        });
        let steps: Vec<_> = steps.collect();
        script
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&steps);
        let expected: Vec<_> = steps.iter().map(|(step, text)| oracle.broadcast(step, text)).collect();
        if round.by_handler {
            clients[0].raw.send_text("run").await;
            oracle.queues[0].push((None, "done".to_owned()));
        } else {
            script.run(&endpoint.everyone(), first);
        }
        let reading = if at < rounds_of_connect { 3 } else { 4 };
        for (client, queue) in clients.iter_mut().zip(&mut oracle.queues).take(reading) {
            client.expect(std::mem::take(queue)).await;
        }
        let mut deliveries = script.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(std::mem::take(&mut *deliveries), expected, "queued and replaced");
    }
    if rounds_of_connect >= rounds.len() {
        finish_connect(&gate, &mut clients[3], &mut oracle).await;
    }
}

async fn finish_connect(gate: &Gate, client: &mut ModelClient, oracle: &mut Oracle) {
    gate.open();
    assert_eq!(client.text().await, "hello");
    client.expect(std::mem::take(&mut oracle.queues[3])).await;
}

fn any_round() -> impl Strategy<Value = Round> {
    let reach = prop_oneof![
        Just(Reach::Everyone),
        Just(Reach::Red),
        Just(Reach::Blue),
        Just(Reach::RedOrBlue),
        Just(Reach::AllButFirst)
    ];
    let step = (weighted(0.8, 0..5_u8), reach, 0..100_usize);
    let step = step.prop_map(|(key, reach, padding)| Step { key, reach, padding });
    (any::<bool>(), vec(step, 0..25)).prop_map(|(by_handler, steps)| Round { by_handler, steps })
}

fn config() -> Config {
    let config = Config::default();
    Config {
        // Each case is a server and its clients.
        cases: config.cases / 4,
        // The steps are printed, and a seed would lead elsewhere after any change of the choices.
        failure_persistence: None,
        ..config
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn clients_get_the_newest_message_of_each_key_once_in_the_order_of_the_keys(
        rounds in vec(any_round(), 1..6),
        rounds_of_connect in 0..6_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(check(rounds, rounds_of_connect));
    }
}
