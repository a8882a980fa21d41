//! Prices for clients of which half read at a tenth of the rate.
//!
//! `ROBYN_WS_PRICES=full cargo test --release -p robyn-ws-tests --test keyed prices -- --nocapture` runs the whole of it, for
//! a minute.

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use robyn_ws::{axum, prelude::*};
use robyn_ws_tests::{FIN, PING, PONG, RawClient, Request, TEXT, memory_kib, until};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

static PRICES: SubRouter = SubRouter::new("/prices");

#[websocket("/", on = "message", router = PRICES)]
fn message() {}

/// The size of a run.
struct Run {
    keys: u64,
    clients: usize,
    /// Number of updates in all, at 1,000 a second.
    updates: u64,
}

impl Run {
    fn chosen() -> Self {
        if env::var_os("ROBYN_WS_PRICES").is_some_and(|chosen| chosen == "full") {
            Self {
                keys: 1000,
                clients: 200,
                updates: 60_000,
            }
        } else {
            Self {
                keys: 50,
                clients: 20,
                updates: 3000,
            }
        }
    }
}

/// Updates of one tick of 10 ms.
const UPDATES_A_TICK: u64 = 10;

/// A slow client reads one message for so many updates.
const SLOWNESS: u64 = 10;

/// Bytes that the system may hold for a client, in each direction, as it is asked to. It takes twice as many.
const SYSTEM: u32 = 4096;

/// Payload of a message: an update's number, a key, and padding.
const PAYLOAD: usize = 100;

/// Bytes of a queue that are written at a time, or a little more.
const BEGUN: usize = 16 * 1024;

/// The most messages that are behind a client when all keys are queued for it: the keys, what the system holds, and what is
/// begun.
fn most_behind(run: &Run) -> u64 {
    // Linux gives twice `SYSTEM`, on both sides.
    let held = 2 * 2 * SYSTEM as usize;
    // The client has a buffer too.
    let bytes = 2 * held + BEGUN + BEGUN;
    run.keys + (bytes / PAYLOAD) as u64
}

fn update(number: u64, key: u64) -> String {
    format!("{number} {key} {:>PAYLOAD$}", "")[..PAYLOAD].to_owned()
}

/// What clients have seen.
#[derive(Default)]
struct Progress {
    published: AtomicU64,
    /// The most updates published since one that a slow client has just read.
    lag: AtomicU64,
}

/// Serves on sockets for which the system holds little.
fn serve(app: App) -> (Hub, SocketAddr) {
    let built = app.build().expect("the app is built");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(SYSTEM).expect("a small buffer");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a port is free");
    let listener: TcpListener = socket.listen(1024).expect("it listens");
    let address = listener.local_addr().expect("the listener has an address");
    tokio::spawn(async move { axum::serve(listener, built.router).await.expect("the server serves") });
    (built.hub, address)
}

async fn connect(address: SocketAddr) -> RawClient {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(SYSTEM).expect("a small buffer");
    let stream = socket.connect(address).await.expect("the server listens");
    Request::upgrade("/prices").raw_over(stream, &[]).await
}

/// Reads until the newest update of each key has come. Returns the client, and the number of messages that came after the
/// last update was published.
async fn read(
    mut client: RawClient,
    run: Arc<Run>,
    progress: Arc<Progress>,
    permits: Option<Arc<Semaphore>>,
) -> (RawClient, u64) {
    let mut newest = vec![0; usize::try_from(run.keys).expect("few keys")];
    let mut after_the_end = 0;
    // The last round of updates is one for each key, in order.
    let is_last = |newest: &[u64]| newest.iter().all(|number| *number > run.updates - run.keys);
    while !is_last(&newest) {
        if let Some(permits) = &permits {
            permits.acquire().await.expect("it is never closed").forget();
        }
        let has_ended = progress.published.load(Ordering::Relaxed) == run.updates;
        let (first, payload) = client.next().await;
        if first == FIN | PING {
            client.send(FIN | PONG, &payload).await;
            continue;
        }
        assert_eq!(first, FIN | TEXT, "the server closes no client");
        let text = String::from_utf8(payload).expect("a text");
        let mut words = text.split(' ').map(|word| word.parse::<u64>().unwrap_or_default());
        let (Some(number), Some(key)) = (words.next(), words.next()) else {
            panic!("{text:?} is not an update");
        };
        let before = &mut newest[usize::try_from(key).expect("few keys")];
        assert!(*before < number, "{number} of {key} came after {before}");
        *before = number;
        after_the_end += u64::from(has_ended);
        let published = progress.published.load(Ordering::Relaxed);
        if permits.is_some() && !has_ended {
            progress
                .lag
                .fetch_max(published.saturating_sub(number), Ordering::Relaxed);
        }
    }
    (client, after_the_end)
}

/// Publishes 1,000 updates a second, and lets slow clients read one message for each ten. Returns the memory after a quarter
/// and at the end.
async fn publish(
    endpoint: &HubEndpoint,
    run: &Run,
    progress: &Progress,
    permits: &[Arc<Semaphore>],
) -> [Option<u64>; 2] {
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut early = None;
    for number in 1..=run.updates {
        if number % UPDATES_A_TICK == 0 {
            ticks.tick().await;
            for permits in permits {
                permits.add_permits(usize::try_from(UPDATES_A_TICK / SLOWNESS).expect("few"));
            }
        }
        let key = number % run.keys;
        let delivery = endpoint.keyed(key.to_string()).sync_broadcast(update(number, key));
        assert_eq!((delivery.queued, delivery.dropped), (run.clients, 0), "everybody stays");
        progress.published.store(number, Ordering::Relaxed);
        if number == run.updates / 4 {
            early = memory_kib();
        }
    }
    [early, memory_kib()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_reads_at_a_tenth_of_the_rate_is_behind_by_keys_and_not_by_time() {
    let run = Arc::new(Run::chosen());
    let keys = usize::try_from(run.keys).expect("few keys");
    // Those that are being written count as well.
    let limits = Limits::default().max_outbound_messages(keys + 2 * BEGUN / PAYLOAD);
    let (hub, address) = serve(App::new().limits(limits).include_router(&PRICES));
    let (endpoint, progress) = (hub.endpoint("/prices"), Arc::new(Progress::default()));
    let (mut fast, mut slow, mut permits) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for number in 0..run.clients {
        let client = connect(address).await;
        if number % 2 == 0 {
            fast.spawn(read(client, run.clone(), progress.clone(), None));
        } else {
            let its = Arc::new(Semaphore::new(0));
            permits.push(its.clone());
            slow.spawn(read(client, run.clone(), progress.clone(), Some(its)));
        }
    }
    until("all to be there", || endpoint.count() == run.clients).await;
    let begun = Instant::now();
    let memory = publish(&endpoint, &run, &progress, &permits).await;
    let took = begun.elapsed();
    let (counters, lag) = (endpoint.counters(), progress.lag.load(Ordering::Relaxed));
    // Slow clients go on as fast as they like, so that the test ends.
    for its in &permits {
        its.add_permits(Semaphore::MAX_PERMITS / 2);
    }
    let (slow, fast) = (slow.join_all().await, fast.join_all().await);
    let behind = slow
        .iter()
        .map(|(_, behind)| *behind)
        .max()
        .expect("there are slow clients");
    println!(
        "{} keys, {} updates in {took:.1?} to {} clients: {} replaced, slow clients at most {behind} messages and {lag} updates \
         behind, memory {memory:?} KiB",
        run.keys, run.updates, run.clients, counters.messages_replaced,
    );
    assert_eq!(endpoint.count(), slow.len() + fast.len(), "the slow stay connected");
    let most = most_behind(&run);
    // Without keys, nine tenths of all updates would be.
    assert!(most < run.updates * 9 / 10, "{most} would prove nothing");
    assert!(
        behind <= most,
        "{behind} messages were behind, at most {most} were expected"
    );
    // A message waits for those that are ahead of it, and the client reads a tenth of the updates.
    assert!(lag <= most * SLOWNESS, "{lag} updates");
    if let [Some(early), Some(late)] = memory {
        assert!(late < early + early / 4 + 4096, "{early} KiB became {late} KiB");
    }
}
