//! What this node publishes, and what it takes of what others publish.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use tokio::{sync::Notify, time::timeout};

use crate::{
    backplane::{
        Backplane, Health,
        delays::Delays,
        elsewhere::Elsewhere,
        envelope::{Body, Envelope, MAX_HEADER, Outcome, Unreadable, encode_body},
        interests::Interests,
        key::{BackplaneKey, TAG, check_time},
        node::NodeId,
        nodes::Nodes,
        order::{Place, Seen, in_order},
        outgoing::{MAX_AGE, OutgoingQueue},
        questions::Questions,
        reports::{BackplaneCounters, Ignored, NotPublished, Reports, report_health},
        sealing::Sealing,
        settings::{BackplaneSettings, HealthHook},
        states::States,
        subject::Subject,
        tracked::Tracked,
        watched::Watched,
    },
    types::{backplane_delivery::BackplaneDelivery, id::ConnectionId},
    util::{
        isolate, log,
        sync::{AtomicBool, Mutex},
        time::{Moment, unix_millis},
    },
};

/// This node among the nodes of its app, as the hub and the tasks see it.
pub(crate) struct ThisNode {
    id: NodeId,
    backplane: Arc<dyn Backplane>,
    key: Option<BackplaneKey>,
    trusts_all: bool,
    on_health: Option<HealthHook>,
    /// The health that was told last.
    is_up: AtomicBool,
    /// Whether this node ends, so that its people are not told of as gone: most come back to another node.
    is_draining: AtomicBool,
    /// Whether the others were told so.
    is_leaving: AtomicBool,
    pub(super) outgoing: OutgoingQueue,
    pub(super) interests: Interests,
    pub(super) tracked: Arc<Tracked>,
    pub(super) elsewhere: Elsewhere,
    pub(super) watched: Watched,
    pub(super) states: States,
    nodes: Mutex<Nodes>,
    seen: Mutex<Seen>,
    delays: Mutex<Delays>,
    questions: Questions,
    /// Whether another node wants to hear of this one.
    pub(super) asked: Notify,
    /// Whether other nodes may have missed something.
    pub(super) reconnected: Notify,
    pub(super) reports: Reports,
}

impl ThisNode {
    pub(super) fn new(settings: BackplaneSettings, tracked: Arc<Tracked>) -> Self {
        let BackplaneSettings {
            backplane,
            key,
            trusts_all,
            on_health,
            max_messages,
            max_bytes,
        } = settings;
        report_health(false);
        let id = NodeId::random();
        let interests = Interests::new();
        interests.begin(Subject::NODES);
        interests.begin(Subject::of_node(id));
        Self {
            id,
            backplane,
            key,
            trusts_all,
            on_health,
            // Until it says that it is up.
            is_up: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            outgoing: OutgoingQueue::new(max_messages, max_bytes),
            interests,
            tracked,
            elsewhere: Elsewhere::default(),
            watched: Watched::default(),
            states: States::default(),
            nodes: Mutex::default(),
            seen: Mutex::new(Seen::new()),
            delays: Mutex::new(Delays::new()),
            questions: Questions::default(),
            asked: Notify::new(),
            reconnected: Notify::new(),
            reports: Reports::default(),
        }
    }

    pub(super) fn backplane(&self) -> &dyn Backplane {
        &*self.backplane
    }

    /// Returns an id for a connection of this node.
    pub(crate) fn connection_id(&self) -> ConnectionId {
        ConnectionId::random_of(self.id.prefix())
    }

    /// Returns the other node that has a connection with this id, if its id says that it is one of another node.
    pub(crate) fn other_node_of(&self, id: ConnectionId) -> Option<NodeId> {
        let node = NodeId::of_id(id.to_bytes());
        (id.tells_node() && node != self.id).then_some(node)
    }

    /// Returns `true` if the node was heard of lately.
    pub(crate) fn hears(&self, node: NodeId) -> bool {
        self.nodes.lock().lives(node, Moment::now())
    }

    pub(crate) fn counters(&self) -> BackplaneCounters {
        self.reports.counters()
    }

    /// Begins to take what is published to `subject`.
    pub(crate) fn begin_interest(&self, subject: Subject) {
        self.interests.begin(subject);
    }

    /// Ends one use of `subject`.
    pub(crate) fn end_interest(&self, subject: Subject) {
        self.interests.end(subject, Moment::now());
    }

    // ---- health ---------------------------------------------------------------------------------------------------

    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    /// Takes note of the health of the backplane, and tells the app.
    pub(crate) fn health_changed(&self, health: Health) {
        let is_up = health == Health::Up;
        if self.is_up.swap(is_up, Ordering::Relaxed) == is_up {
            return;
        }
        report_health(is_up);
        if is_up {
            log::info!("the backplane is up");
            self.interests.forget();
        } else {
            log::debug!("the backplane is down");
            let dropped = self.outgoing.clear();
            self.reports.unavailable(dropped);
        }
        if let Some(hook) = &self.on_health
            && isolate::call(|| hook(health)).is_err()
        {
            log::error!("the function of `App::on_backplane_health` panicked");
        }
    }

    /// Takes note of envelopes that the backplane has dropped.
    pub(crate) fn lost(&self, number: u64) {
        self.reports.lost(number);
    }

    /// Takes note of an envelope whose payload is not what it says.
    pub(crate) fn ignored(&self, why: Unreadable) {
        self.reports.ignored(&why.into());
    }

    // ---- publishing -----------------------------------------------------------------------------------------------

    /// Queues something for other nodes. It never waits.
    pub(crate) fn publish(&self, body: &Body<'_>, payload: &[u8]) -> BackplaneDelivery {
        if self.key.is_none() && !self.trusts_all && matches!(body, Body::Close { .. }) {
            self.reports.close_not_allowed();
            return BackplaneDelivery::Unavailable;
        }
        if !self.is_up() {
            match body {
                Body::Close { .. } => self.reports.close_unavailable(),
                _ => self.reports.unavailable(1),
            }
            return BackplaneDelivery::Unavailable;
        }
        let encoded = match encode_body(body, payload) {
            Ok(encoded) => encoded,
            Err(error) => {
                self.reports.not_published(&error.into());
                return BackplaneDelivery::Unavailable;
            }
        };
        let tag = self.key.as_ref().map_or(0, |_| TAG);
        let most = isolate::call(|| self.backplane.max_payload()).unwrap_or(usize::MAX);
        if encoded.len() + MAX_HEADER + tag > most {
            self.reports.not_published(&NotPublished::TooLarge);
            return BackplaneDelivery::TooLarge;
        }
        let key = body.is_keyed().then(|| encoded[..encoded.len() - payload.len()].into());
        if !self.outgoing.push(body.lane(), body.subject(), encoded, key) {
            self.reports.not_published(&NotPublished::Full);
            return BackplaneDelivery::Unavailable;
        }
        BackplaneDelivery::Queued
    }

    /// Asks another node something, and waits for the answer, for some seconds at most.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the question may have been asked.
    pub(crate) async fn ask<'a>(
        &self,
        body: impl FnOnce(u64) -> Body<'a>,
        payload: &[u8],
    ) -> Result<Option<Outcome>, BackplaneDelivery> {
        let question = self.questions.ask().ok_or(BackplaneDelivery::Unavailable)?;
        match self.publish(&body(question.number), payload) {
            BackplaneDelivery::Queued => Ok(question.wait().await),
            refused => Err(refused),
        }
    }

    /// Answers the question of another node.
    pub(crate) fn answer(&self, to: NodeId, question: u64, outcome: Outcome) {
        let _ = self.publish(&Body::Answer { to, question, outcome }, &[]); // It is counted, and the other waits in vain.
    }

    /// Publishes a sign of life, unless it could not be, or this node ends.
    pub(super) fn beat(&self) {
        if self.is_up() && !self.is_leaving.load(Ordering::Relaxed) {
            let _ = self.publish(&Body::Alive, &[]); // It is counted.
        }
    }

    /// Takes note that this node begins to end.
    pub(crate) fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the people of this node are told of.
    pub(super) fn tells_people(&self) -> bool {
        self.is_up() && !self.is_draining.load(Ordering::Relaxed)
    }

    /// Tells the other nodes that this one ends, and waits until the backplane has taken everything, for a second at
    /// most.
    pub(crate) async fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
        if self.is_up() {
            let _ = self.publish(&Body::Leaving, &[]); // It is counted.
        }
        let published = async {
            self.outgoing.idle().await;
            let _ = isolate::future(async { self.backplane.flush().await }).await; // It is counted, or the others notice a gap.
        };
        let _ = timeout(MAX_AGE, published).await; // What is older is dropped.
    }

    /// Returns what numbers and authenticates what this node publishes.
    pub(super) fn sealing(&self) -> Sealing {
        Sealing::new(self.id, self.key.clone())
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /// Takes what has come, and passes to `apply` what is for the hub: what is new of other nodes, in their order.
    pub(crate) fn receive(&self, payloads: impl Iterator<Item = Bytes>, mut apply: impl FnMut(Envelope<'_>)) {
        let payloads: Vec<_> = payloads.filter_map(|sealed| self.open(sealed)).collect();
        let envelopes: Vec<_> = payloads.iter().filter_map(|envelope| self.read(envelope)).collect();
        for envelope in in_order(envelopes) {
            if self.is_new(&envelope) && self.takes_for_itself(&envelope) {
                apply(envelope);
            }
        }
    }

    /// Takes the tag off what has come, if it is right.
    fn open(&self, sealed: Bytes) -> Option<Bytes> {
        let Some(key) = &self.key else { return Some(sealed) };
        match key.open(&sealed) {
            Ok(length) => Some(sealed.slice(..length)),
            Err(untrusted) => {
                self.reports.ignored(&untrusted.into());
                None
            }
        }
    }

    /// Reads an envelope of another node.
    fn read<'a>(&self, envelope: &'a Bytes) -> Option<Envelope<'a>> {
        match self.check(envelope) {
            Ok(envelope) if envelope.header.origin == self.id => None,
            Ok(envelope) => Some(envelope),
            Err(why) => {
                self.reports.ignored(&why);
                None
            }
        }
    }

    fn check<'a>(&self, envelope: &'a Bytes) -> Result<Envelope<'a>, Ignored> {
        let envelope = Envelope::read(envelope, self.key.is_some())?;
        if self.key.is_some() {
            check_time(envelope.header.sent_at, unix_millis())?;
        } else if !self.trusts_all && envelope.body.needs_trust() {
            return Err(Ignored::NotAllowed);
        }
        Ok(envelope)
    }

    /// Returns `true` if an envelope is not one that has come already.
    fn is_new(&self, envelope: &Envelope<'_>) -> bool {
        let subject = envelope.body.subject();
        let place = self.seen.lock().note(&envelope.header, subject, Moment::now());
        match place {
            Place::Next => {}
            Place::AfterGap => self.reports.gap(envelope.header.origin),
            Place::Past => self.reports.repeated(),
        }
        place != Place::Past
    }

    /// Takes note of subjects that are not used any more: what is published to them from now on is not missing.
    pub(super) fn forget_numbers(&self, ended: Vec<Subject>) {
        let mut seen = self.seen.lock();
        for subject in ended {
            seen.end(subject);
        }
    }

    /// Takes what is for this node and not for its connections. Returns `true` if the envelope is for those.
    fn takes_for_itself(&self, envelope: &Envelope<'_>) -> bool {
        let (origin, now) = (envelope.header.origin, Moment::now());
        self.reports.received();
        let is_late = self.delays.lock().is_late(&envelope.header, unix_millis(), now);
        match envelope.body {
            Body::Leaving => {
                self.nodes.lock().left(origin, now);
                self.elsewhere.ends(origin, &self.tracked);
            }
            _ => self.nodes.lock().heard(origin, now),
        }
        match &envelope.body {
            Body::Hello => self.asked.notify_one(),
            Body::Answer { question, outcome, .. } => self.questions.answer(*question, *outcome),
            Body::Presence { .. } | Body::PresenceWanted { .. } => self.receive_presence(origin, &envelope.body),
            Body::Alive | Body::Leaving => {}
            Body::Message { .. } if is_late => self.reports.late(origin),
            Body::Message { .. } | Body::Close { .. } => return true,
        }
        false
    }

    /// Forgets the nodes that are gone.
    pub(super) fn sweep(&self) {
        let now = Moment::now();
        self.forget_unwatched(now);
        let gone = self.nodes.lock().sweep(now);
        self.elsewhere.sweep(&gone, now);
    }
}

impl fmt::Debug for ThisNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThisNode")
            .field("id", &format_args!("{}", self.id))
            .field("backplane", &self.backplane)
            .finish_non_exhaustive()
    }
}
