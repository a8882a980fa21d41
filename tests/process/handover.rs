//! A process that stops, whose clients go over to a second one.
//!
//! ```text
//! ROBYN_WS_HANDOVER=10000 cargo test -p robyn-ws-tests --test process handed_over -- --nocapture
//! ```
//!
//! takes so many clients, and prints how many of them are told to go and come back in each second. Every process then has
//! as many open files.

use std::{
    env,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use robyn_ws_tests::{PATIENCE, within};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::program::Program;

/// The close code that the first process sends.
const RESTART: u16 = 1012;

const SECOND: Duration = Duration::from_secs(1);

/// The time in which a drain closes one of its batches.
const PART: Duration = Duration::from_millis(100);

/// The number of clients that connect at once before the handover. The queue of a listener has room for them.
const AT_ONCE: usize = 50;

/// The size of a handover.
struct Plan {
    clients: usize,
    interval: Duration,
    /// Whether each second counts, since the machine has nothing else to do.
    is_measured: bool,
}

impl Plan {
    fn chosen() -> Self {
        match env::var("ROBYN_WS_HANDOVER") {
            Ok(clients) => Self {
                clients: clients.parse().expect("ROBYN_WS_HANDOVER is a number of clients"),
                // In ten seconds, a tenth of the clients would go in each: this leaves room for jitter, and for other programs.
                interval: Duration::from_secs(15),
                is_measured: true,
            },
            Err(_) => Self {
                clients: 600,
                interval: Duration::from_secs(4),
                is_measured: false,
            },
        }
    }

    /// Returns the most clients that a drain has closed within this time.
    fn most_within(&self, time: Duration) -> usize {
        let parts = |time: Duration| usize::try_from(time.as_millis() / PART.as_millis()).expect("a short time");
        (parts(time) + 1) * self.clients.div_ceil(parts(self.interval))
    }
}

type Socket = WebSocketStream<TcpStream>;

/// Connects without the buffers of 128 KiB that would be too many.
async fn connect(address: SocketAddr) -> Socket {
    let stream = TcpStream::connect(address).await.expect("the program listens");
    let config = WebSocketConfig::default().read_buffer_size(1024);
    let (socket, _) = client_async_with_config(format!("ws://{address}/echo"), stream, Some(config))
        .await
        .expect("the program accepts");
    socket
}

/// When a client was told to go, and when it had come back.
struct Moved {
    told: Instant,
    back: Instant,
}

/// Waits until the first process closes the connection, and goes over to the second one.
async fn go_over(mut first: Socket, second: SocketAddr) -> (Moved, Socket) {
    let close = loop {
        match first.next().await.expect("a Close frame is sent before the end") {
            Ok(Message::Close(Some(close))) => break close,
            Ok(Message::Ping(_)) => {}
            other => panic!("a Close frame was expected, but there came {other:?}"),
        }
    };
    let told = Instant::now();
    assert_eq!(
        (close.code.into(), close.reason.as_str()),
        (RESTART, "the server shuts down")
    );
    let end = first.next().await;
    assert!(end.is_none(), "after the Close frame there came {end:?}");
    let mut second = connect(second).await;
    let back = Instant::now();
    second.send("here".into()).await.expect("it is open");
    let answer = second.next().await.expect("an answer").expect("it is open");
    assert_eq!(answer, "here".into());
    (Moved { told, back }, second)
}

/// Connects the clients of a plan to the first process. They go over to the second one by themselves.
async fn clients(plan: &Plan, first: SocketAddr, second: SocketAddr) -> JoinSet<(Moved, Socket)> {
    let mut clients = JoinSet::new();
    let mut left = plan.clients;
    while left > 0 {
        let mut connecting = JoinSet::new();
        for _ in 0..left.min(AT_ONCE) {
            connecting.spawn(connect(first));
        }
        left -= connecting.len();
        for socket in within("clients to connect", connecting.join_all()).await {
            clients.spawn(go_over(socket, second));
        }
    }
    clients
}

/// Returns the moments as times since the beginning, in order.
fn times(moved: &[Moved], begun: Instant, moment: impl Fn(&Moved) -> Instant) -> Vec<Duration> {
    let mut times: Vec<_> = moved.iter().map(|moved| moment(moved) - begun).collect();
    times.sort();
    times
}

/// Prints how many there were in each second.
fn print(what: &str, times: &[Duration]) {
    let last = times.last().map_or(0, Duration::as_secs);
    let of_second = |second| times.iter().filter(|time| time.as_secs() == second).count();
    println!("{what}: {:?}", (0..=last).map(of_second).collect::<Vec<_>>());
}

/// Returns the most of them in any second, wherever it begins.
fn most_in_a_second(times: &[Duration]) -> usize {
    let from = |first: usize| {
        times[first..]
            .iter()
            .take_while(|time| **time < times[first] + SECOND)
            .count()
    };
    (0..times.len()).map(from).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_draining_process_are_handed_over_to_a_second_one_bit_by_bit() {
    let plan = Plan::chosen();
    let mut first = Program::to_hand_over(plan.interval).await;
    let second = Program::to_hand_over(plan.interval).await;
    let clients = clients(&plan, first.address(), second.address()).await;
    first.get("/readyz").await.expect(200, "ready");

    let begun = Instant::now();
    first.signal("TERM").await;
    first.draining().await;
    first.get("/readyz").await.expect(503, "draining");
    first.get("/healthz").await.expect(200, "ok");
    sleep_until((begun + plan.interval / 2).into()).await;
    first.expect_503().await;
    second.get("/readyz").await.expect(200, "ready");

    let all = timeout(plan.interval + PATIENCE, clients.join_all()).await;
    let (moved, _sockets): (Vec<_>, Vec<_>) = all.expect("all clients go over").into_iter().unzip();
    assert!(first.exited().await.success(), "nobody was cut");

    let told = times(&moved, begun, |moved| moved.told);
    let back = times(&moved, begun, |moved| moved.back);
    // A Close frame can come later than it was due, but not earlier.
    for (number, time) in (1..).zip(&told) {
        let most = plan.most_within(*time);
        assert!(
            number <= most,
            "{number} clients were told within {time:?}, expected {most}"
        );
    }
    let last = told.last().expect("there are clients");
    assert!(*last + PART >= plan.interval, "the last one was told after {last:?}");
    if plan.is_measured {
        print("told to go", &told);
        print("back again", &back);
        let most = [most_in_a_second(&told), most_in_a_second(&back)];
        println!("the most in any second: {most:?}");
        assert!(
            most.iter().all(|most| *most <= plan.clients / 10),
            "more than a tenth in a second"
        );
    }
}
