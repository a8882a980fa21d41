//! Many clients that count what they hear.

use std::{
    collections::BTreeSet,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    select,
    sync::{Notify, mpsc},
    task::JoinSet,
    time::timeout,
};

use crate::node::{Client, Node};

/// How long a broadcast may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Clients that are members of rooms, on some nodes. They leave when it is dropped.
#[derive(Debug)]
pub(crate) struct Crowd {
    shared: Arc<Shared>,
    tasks: JoinSet<Result<()>>,
    expected: u64,
}

#[derive(Debug, Default)]
struct Shared {
    heard: AtomicU64,
    /// The number at which somebody is told.
    awaited: AtomicU64,
    reached: Notify,
}

/// A member that says what it is told to.
pub(crate) type Speaker = mpsc::Sender<(String, String)>;

impl Crowd {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::default(),
            tasks: JoinSet::new(),
            expected: 0,
        }
    }

    /// Connects a client to a room. It can speak in all rooms.
    pub(crate) async fn join(&mut self, node: &Node, room: &str) -> Result<Speaker> {
        let client = node.connect(room).await?;
        let (speaker, says) = mpsc::channel(1024);
        self.tasks.spawn(take_part(client, says, self.shared.clone()));
        Ok(speaker)
    }

    /// Waits until so many more texts were heard, all in all.
    pub(crate) async fn hear(&mut self, more: u64) -> Result<()> {
        self.expected += more;
        self.shared.awaited.store(self.expected, Ordering::SeqCst);
        let shared = self.shared.clone();
        let hearing = async {
            while shared.heard.load(Ordering::SeqCst) < self.expected {
                shared.reached.notified().await;
            }
        };
        select! {
            heard = timeout(PATIENCE, hearing) => {
                let heard = heard.with_context(|| format!("{} of {} texts came", shared.heard.load(Ordering::SeqCst), self.expected));
                heard?;
            }
            Some(ended) = self.tasks.join_next() => ended??,
        }
        let heard = self.shared.heard.load(Ordering::SeqCst);
        ensure!(
            heard == self.expected,
            "{heard} texts came, and {} were expected",
            self.expected
        );
        Ok(())
    }
}

/// Hears the texts of a room, each number once. Those of a burst may come in any order: not all peers promise more.
async fn take_part(mut client: Client, mut says: mpsc::Receiver<(String, String)>, shared: Arc<Shared>) -> Result<()> {
    let (mut next, mut ahead) = (0, BTreeSet::new());
    loop {
        let said = async {
            match says.recv().await {
                Some(said) => said,
                None => pending().await,
            }
        };
        select! {
            text = client.hear() => {
                let text = text?;
                let number: u64 = text.get(..8).context("a text begins with its number")?.parse()?;
                ensure!(number >= next && ahead.insert(number), "text {number} came twice");
                while ahead.remove(&next) {
                    next += 1;
                }
                let heard = shared.heard.fetch_add(1, Ordering::SeqCst) + 1;
                if heard == shared.awaited.load(Ordering::SeqCst) {
                    shared.reached.notify_one();
                }
            }
            (room, text) = said => client.say(&room, &text).await?,
        }
    }
}
