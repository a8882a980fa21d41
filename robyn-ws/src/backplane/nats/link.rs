//! One connection to a server.
//!
//! The client would connect again by itself. It would then send what it was given before, however old that is, and it
//! would not stop before it has succeeded. So a client is used for one connection: when that is lost, it may try each
//! server once, which ends it, and [`Links`] has a new one.

use std::{
    future::{pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{Client, ClientError, ConnectError, ConnectOptions, Event, connection::State};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    backplane::nats::{refusals::Refusals, servers::Servers},
    types::nats_error::{explained, is_absence},
    util::{log, random, sync::Mutex},
};

/// Time between two pings while the server sends nothing.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// Number of messages and commands that the client takes before it has written any. Long ones are flushed one by one.
const CLIENT_CAPACITY: usize = 256;

/// The first and the longest time between two attempts to connect. Each is shortened by up to a half, so that the nodes
/// do not come back in one moment.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Number of reasons in the log of one outage.
const MOST_REASONS: usize = 8;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) client: Arc<Client>,
    pub(super) events: Events,
    /// Number of messages that the client has said it has dropped. It says no more than 128 at a time.
    pub(super) dropped: Arc<AtomicU64>,
    /// Why the last attempt of the client to connect has failed.
    failure: Arc<Mutex<Option<String>>>,
}

/// Changes with every event of the client. It is closed when the client has given up.
#[derive(Debug)]
pub(super) struct Events(watch::Receiver<()>);

impl Link {
    /// Opens a connection. With `ConnectOptions::retry_on_initial_connect`, it is not connected yet.
    async fn open(servers: &Servers, options: &ConnectOptions, refusals: Arc<Refusals>) -> Result<Self, ConnectError> {
        let (event, events) = watch::channel(());
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = dropped.clone();
        let failure = Arc::new(Mutex::new(None));
        let failed = failure.clone();
        let servers = servers.all();
        let options = options
            .clone()
            .no_echo()
            .ping_interval(PING_INTERVAL)
            .client_capacity(CLIENT_CAPACITY)
            .max_reconnects(servers.len())
            .reconnect_delay_callback(|_| Duration::ZERO)
            .event_callback(move |happened| {
                match happened {
                    Event::SlowConsumer(_) => _ = counter.fetch_add(1, Relaxed),
                    Event::ServerError(error) => refusals.add(&error),
                    Event::ClientError(ClientError::Other(error)) => *failed.lock() = Some(error),
                    _ => {}
                }
                event.send_replace(());
                ready(())
            });
        let client = Arc::new(options.connect(servers).await?);
        Ok(Self {
            client,
            events: Events(events),
            dropped,
            failure,
        })
    }

    /// Waits until it is connected. Returns `false` if it will never be.
    async fn connected(&mut self) -> bool {
        while !is_up(&self.client) {
            if self.client.statistics().connects.load(Relaxed) > 1 {
                return false; // The client has connected again by itself.
            }
            if self.events.0.changed().await.is_err() {
                return is_up(&self.client);
            }
        }
        true
    }
}

impl Events {
    /// Waits for an event.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub(super) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The state of the client says that it has given up.
            pending::<()>().await;
        }
    }
}

/// Returns `true` if the first connection of the client stands.
pub(super) fn is_up(client: &Client) -> bool {
    client.connection_state() == State::Connected && client.statistics().connects.load(Relaxed) <= 1
}

/// Where connections come from.
pub(super) struct Links {
    pub(super) servers: Servers,
    options: ConnectOptions,
    pub(super) refusals: Arc<Refusals>,
    /// Whether the log says that there is no connection.
    pub(super) is_outage_logged: bool,
    /// The reasons in the log since an outage was logged. `None` is that the server is away.
    reasons: Vec<Option<String>>,
    /// The time before the next attempt, and the last success.
    delay: Duration,
    connected: Option<Instant>,
}

impl Links {
    pub(super) fn new(servers: Servers, options: ConnectOptions) -> Self {
        Self {
            servers,
            options,
            refusals: Arc::default(),
            is_outage_logged: false,
            reasons: Vec::new(),
            delay: FIRST_DELAY,
            connected: None,
        }
    }

    /// Tries once. With `ConnectOptions::retry_on_initial_connect`, the link may not be connected.
    pub(super) async fn first(&mut self) -> Result<Link, ConnectError> {
        let opening = Link::open(&self.servers, &self.options, self.refusals.clone());
        let link = opening.await.map_err(explained)?;
        if is_up(&link.client) {
            self.servers.discover(&link.client).await;
        }
        Ok(link)
    }

    /// Connects, as often as it takes.
    pub(super) async fn next(&mut self) -> Link {
        // A server that takes connections and closes them at once must not make it busy.
        if self
            .connected
            .is_some_and(|connected| connected.elapsed() > LONGEST_DELAY)
        {
            self.delay = FIRST_DELAY;
        }
        loop {
            sleep(self.delay / 2 + random::time_below(self.delay / 2)).await;
            self.delay = (2 * self.delay).min(LONGEST_DELAY);
            let error = match self.first().await {
                Ok(mut link) => {
                    if link.connected().await {
                        self.connected = Some(Instant::now());
                        return link;
                    }
                    link.failure.lock().take()
                }
                Err(error) => Some(error.to_string()),
            };
            self.log_failure(error.as_deref());
        }
    }

    /// Logs why there is no connection, unless the log has this reason.
    fn log_failure(&mut self, error: Option<&str>) {
        let reason = error.filter(|error| !is_absence(error)).map(str::to_owned);
        if self.reasons.contains(&reason) || self.reasons.len() >= MOST_REASONS {
            return;
        }
        self.reasons.push(reason);
        self.is_outage_logged = true;
        let servers = &self.servers;
        log::warn!(%servers, error, "cannot connect to NATS; trying again until it is there");
    }

    /// Says that the log has an outage: a server that is away is no news.
    pub(super) fn outage_is_logged(&mut self) {
        self.reasons = vec![None];
    }
}
