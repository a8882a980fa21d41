//! A slow way to the broker.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Bytes that are read at a time.
const CHUNK: usize = 16 * 1024;

/// Number of reads that are on the way.
const CHUNKS: usize = 1024;

/// Time between two reads of a way that trickles.
const DROP: Duration = Duration::from_millis(50);

/// How slow it is now.
#[derive(Debug, Default)]
struct Pace {
    /// Milliseconds that bytes take in each direction.
    latency: AtomicU64,
    /// Bytes that go to the broker in a `DROP`, or 0 for as many as there are.
    trickle: AtomicUsize,
}

/// A proxy before the broker. It ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    pace: Arc<Pace>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// Starts a proxy that is not slow.
    pub(crate) async fn start(broker: &str) -> Self {
        let broker = broker.rsplit('/').next().expect("an address").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let pace = Arc::new(Pace::default());
        let mut serving = JoinSet::new();
        let its = pace.clone();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.expect("it listens");
                connections.spawn(serve(client, broker.clone(), its.clone()));
            }
        });
        Self {
            address,
            pace,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Delays all bytes in both directions.
    pub(crate) fn delay(&self, latency: Duration) {
        let millis = latency.as_millis().try_into().expect("it is short");
        self.pace.latency.store(millis, Relaxed);
    }

    /// Lets so many bytes a second pass to the broker.
    pub(crate) fn trickle(&self, bytes: usize) {
        self.pace.trickle.store(bytes / 20, Relaxed);
    }
}

async fn serve(client: TcpStream, broker: String, pace: Arc<Pace>) {
    let Ok(broker) = TcpStream::connect(broker).await else {
        return;
    };
    let ((from_client, to_client), (from_broker, to_broker)) = (client.into_split(), broker.into_split());
    tokio::join!(
        copy(from_client, to_broker, pace.clone(), true),
        copy(from_broker, to_client, pace, false),
    );
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    pace: Arc<Pace>,
    may_trickle: bool,
) {
    let (sender, mut delayed) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS);
    let reading = async move {
        let mut buffer = vec![0; CHUNK];
        loop {
            let trickle = pace.trickle.load(Relaxed);
            let most = if may_trickle && trickle > 0 {
                sleep(DROP).await;
                trickle
            } else {
                CHUNK
            };
            // A reset is an end as well.
            let length = from.read(&mut buffer[..most]).await.unwrap_or_default();
            let due = Instant::now() + Duration::from_millis(pace.latency.load(Relaxed));
            if length == 0 || sender.send((due, buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = delayed.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await; // The other side may be gone.
    };
    tokio::join!(reading, writing);
}
