//! The task that goes from one pair of connections to the next.

use std::sync::Arc;

use redis::{Client, RedisError};
use tokio::time::Instant;

use crate::{
    backplane::{
        BackplaneError, Health, Inbox,
        redis::{
            link::{Delays, Link, Upkeep},
            pushes::Pushes,
        },
    },
    types::redis_error::is_absence,
    util::{log, repeated::Repeated, sync::Mutex},
};

/// Number of reasons in the log of one outage.
const MOST_REASONS: usize = 8;

/// The connections of the moment.
#[derive(Debug, Default)]
pub(super) struct Current(Mutex<Option<Arc<Link>>>);

impl Current {
    pub(super) fn link(&self) -> Result<Arc<Link>, BackplaneError> {
        self.0.lock().clone().ok_or(BackplaneError::Disconnected)
    }

    pub(super) fn set(&self, link: Option<Arc<Link>>) {
        *self.0.lock() = link;
    }
}

pub(super) struct Task {
    client: Client,
    current: Arc<Current>,
    pushes: Arc<Pushes>,
    inbox: Inbox,
    delays: Delays,
    outages: Arc<Repeated>,
    /// Whether the log has the outage, if there is one.
    outage: Option<bool>,
    /// The reasons in the log since an outage was logged. `None` is that the server is away.
    reasons: Vec<Option<String>>,
}

impl Task {
    pub(super) fn new(client: Client, current: Arc<Current>, pushes: Arc<Pushes>, inbox: Inbox) -> Self {
        Self {
            client,
            current,
            pushes,
            inbox,
            delays: Delays::new(),
            outages: Arc::default(),
            outage: None,
            reasons: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, first: Option<(Arc<Link>, Upkeep)>) {
        let mut next = first;
        loop {
            let (link, upkeep) = match next.take() {
                Some(opened) => opened,
                None => self.connect().await,
            };
            self.announce(link);
            let start = Instant::now();
            let error = upkeep.run().await;
            self.current.set(None);
            self.inbox.health_changed(Health::Down);
            self.delays.lasted(start.elapsed());
            self.log_outage(error);
        }
    }

    /// Connects, as often as it takes.
    async fn connect(&mut self) -> (Arc<Link>, Upkeep) {
        loop {
            self.delays.wait().await;
            match Link::open(&self.client, &self.pushes).await {
                Ok(opened) => return opened,
                Err(error) => self.log_outage(Some(error)),
            }
        }
    }

    fn announce(&mut self, link: Arc<Link>) {
        self.current.set(Some(link));
        self.inbox.health_changed(Health::Up);
        if self.outage.take() == Some(true) {
            log::info!(server = %self.server(), "connected to Redis again");
        }
    }

    /// Logs an outage once for each reason, and only the number of outages that follow each other closely.
    fn log_outage(&mut self, error: Option<RedisError>) {
        let reason = error.as_ref().filter(|error| !is_absence(error));
        let reason = reason.map(ToString::to_string);
        if self.outage.is_none() {
            let report = |more| log::warn!(more, "the connection to Redis was lost several times");
            let is_logged = self.outages.is_first(report);
            self.outage = Some(is_logged);
            if is_logged {
                self.reasons.clear();
            }
        }
        if self.reasons.contains(&reason) || self.reasons.len() >= MOST_REASONS {
            return;
        }
        self.reasons.push(reason);
        self.outage = Some(true);
        let error = error.map_or_else(|| "the server has closed it".to_owned(), |error| error.to_string());
        log::warn!(server = %self.server(), error, "no connection to Redis; trying again until it is there");
    }

    fn server(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }
}
