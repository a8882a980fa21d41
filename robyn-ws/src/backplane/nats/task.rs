//! The task that connects, subscribes, and reads all subscriptions.

use std::{collections::HashSet, pin::pin, sync::Arc};

use async_nats::Client;
use tokio::{
    select,
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    backplane::{
        BackplaneError, Health, Inbox, Interest,
        nats::{
            link::{Events, Link, Links, is_up},
            subscriptions::{Answer, Lost, Subscriptions, TICK},
        },
    },
    util::{log, repeated::Repeated, sync::Mutex},
};

/// Number of changes that are confirmed together.
const CHANGES: usize = 64;

/// Interests to add or to remove.
pub(super) struct Change {
    pub(super) adds: bool,
    pub(super) interests: Vec<Interest>,
    pub(super) answer: Answer,
}

/// The client of the current connection.
#[derive(Debug, Default)]
pub(super) struct Current(Mutex<Option<Arc<Client>>>);

impl Current {
    /// Returns the client, if it is connected.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.0.lock().clone().filter(|client| is_up(client))
    }

    pub(super) fn set(&self, client: Option<Arc<Client>>) {
        *self.0.lock() = client;
    }
}

pub(super) struct Task {
    pub(super) current: Arc<Current>,
    pub(super) links: Links,
    pub(super) prefix: Arc<str>,
    pub(super) inbox: Inbox,
    pub(super) changes: mpsc::Receiver<Change>,
    pub(super) interests: HashSet<Interest>,
    pub(super) outages: Arc<Repeated>,
}

/// The [`Nats`](crate::Nats) was dropped.
struct Dropped;

impl Task {
    pub(super) async fn run(mut self, first: Option<Link>) {
        let mut next = first.filter(|link| is_up(&link.client));
        loop {
            let link = match next.take() {
                Some(link) => link,
                None => match self.connect().await {
                    Ok(link) => link,
                    Err(Dropped) => return,
                },
            };
            if let Err(Dropped) = self.serve(link).await {
                return;
            }
        }
    }

    /// Waits for a connection. Nothing can be changed meanwhile, except that interests are forgotten.
    async fn connect(&mut self) -> Result<Link, Dropped> {
        self.current.set(None);
        self.inbox.health_changed(Health::Down);
        let mut next = pin!(self.links.next());
        loop {
            let change = select! {
                link = &mut next => return Ok(link),
                change = self.changes.recv() => change.ok_or(Dropped)?,
            };
            if !change.adds {
                change
                    .interests
                    .iter()
                    .for_each(|interest| _ = self.interests.remove(interest));
            }
            let _ = change.answer.send(Err(BackplaneError::Disconnected)); // The caller may be gone.
        }
    }

    /// Uses a connection until it is lost.
    async fn serve(&mut self, mut link: Link) -> Result<(), Dropped> {
        let interests = std::mem::take(&mut self.interests);
        let subscribing = Subscriptions::new(&link, self.prefix.clone(), interests.iter().copied());
        let Ok(mut subscriptions) = subscribing.await else {
            self.interests = interests;
            self.log_outage();
            return Ok(());
        };
        let outcome = self.read(&mut subscriptions, &mut link.events).await;
        subscriptions.deliver_rest(&self.inbox);
        self.interests = subscriptions.into_interests().collect();
        self.log_outage();
        outcome
    }

    async fn read(&mut self, subscriptions: &mut Subscriptions, events: &mut Events) -> Result<(), Dropped> {
        let mut changes = Vec::new();
        let mut is_announced = false;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while subscriptions.is_up() {
            if !is_announced && subscriptions.are_confirmed() {
                is_announced = true;
                self.announce(subscriptions);
            }
            select! {
                () = subscriptions.deliver(&self.inbox) => {}
                count = self.changes.recv_many(&mut changes, CHANGES) => {
                    if count == 0 {
                        return Err(Dropped);
                    }
                    if let Err(Lost) = apply(subscriptions, &mut changes).await {
                        return Ok(());
                    }
                }
                () = events.next() => {}
                _ = ticks.tick() => subscriptions.tick(),
            }
        }
        Ok(())
    }

    fn announce(&mut self, subscriptions: &Subscriptions) {
        self.current.set(Some(subscriptions.client().clone()));
        self.inbox.health_changed(Health::Up);
        if std::mem::take(&mut self.links.is_outage_logged) {
            log::info!(servers = %self.links.servers, "connected to NATS again");
        }
    }

    /// Logs an outage once, and only the number of outages that follow each other closely.
    fn log_outage(&mut self) {
        let report = |more| log::warn!(more, "lost the connection to NATS several times");
        if !self.links.is_outage_logged && self.outages.is_first(report) {
            self.links.outage_is_logged();
            log::warn!(servers = %self.links.servers, "lost the connection to NATS; connecting again until it is there");
        }
        self.links.is_outage_logged = true;
    }
}

async fn apply(subscriptions: &mut Subscriptions, changes: &mut Vec<Change>) -> Result<(), Lost> {
    let mut callers = Vec::with_capacity(changes.len());
    let mut outcome = Ok(());
    for change in changes.drain(..) {
        for interest in change.interests {
            if !change.adds {
                subscriptions.remove(interest);
            } else if outcome.is_ok() {
                outcome = subscriptions.add(interest).await;
            }
        }
        callers.push(change.answer);
    }
    outcome?;
    subscriptions.confirm(callers).await
}
