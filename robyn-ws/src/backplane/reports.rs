//! What this node counts and logs of its backplane.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[cfg(feature = "metrics")]
use crate::util::isolate;
use crate::{
    backplane::{BackplaneError, envelope::Unreadable, key::Untrusted, node::NodeId},
    util::{isolate::Panicked, log, repeated::Repeated},
};

/// The counters of the backplane, and its warnings.
#[derive(Debug)]
pub(super) struct Reports {
    published: Counted,
    dropped: Counted,
    received: Counted,
    repeated: Counted,
    gaps: Counted,
    late: Counted,
    lost: Counted,
    ignored: Counted,
    drops: Arc<Repeated>,
    failures: Arc<Repeated>,
    losses: Arc<Repeated>,
    refusals: Arc<Repeated>,
    closes: Arc<Repeated>,
    /// How often the backplane was told what this node wants to get.
    tellings: AtomicU64,
}

/// A counter, and its metric.
#[derive(Debug)]
struct Counted {
    number: AtomicU64,
    #[cfg(feature = "metrics")]
    metric: &'static str,
}

impl Counted {
    #[cfg_attr(
        not(feature = "metrics"),
        expect(unused_variables, reason = "nothing is reported without the feature")
    )]
    fn new(metric: &'static str) -> Self {
        let counted = Self {
            number: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            metric,
        };
        // A collector shows what is 0, too.
        counted.add(0);
        counted
    }

    fn add(&self, number: u64) {
        self.number.fetch_add(number, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        let _ = isolate::call(|| metrics::counter!(self.metric).increment(number)); // The panic hook has reported it.
    }

    fn get(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }
}

/// The counters of the backplane, from [`Hub::backplane_counters`](crate::Hub::backplane_counters). They start at 0 when the
/// app is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackplaneCounters {
    /// Number of envelopes that were published.
    pub published: u64,
    /// Number of envelopes that were not published: the backplane was not connected, its queue was full, or it failed.
    pub dropped: u64,
    /// Number of envelopes of other nodes that were taken.
    pub received: u64,
    /// Number of envelopes that came again, or later than a newer one of their node and subject, and were ignored.
    pub repeated: u64,
    /// Number of times that at least one envelope of a node was missing.
    pub gaps: u64,
    /// Number of messages of other nodes that were on the way for 2 s longer than the fastest of their node, and were ignored.
    pub late: u64,
    /// Number of envelopes that the backplane says it has dropped, since this node did not take them in time.
    pub lost: u64,
    /// Number of envelopes that were ignored: unreadable, of another version, not authenticated, or not allowed without a key.
    pub ignored: u64,
}

/// Why something of another node was ignored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ignored {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error(
        "it closes connections or tells who is in a room, which other nodes may only with `App::backplane_key`, or `App::trust_backplane`"
    )]
    NotAllowed,
}

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotPublished {
    #[error("the queue is full: `Limits::max_backplane_messages` or `max_backplane_bytes`")]
    Full,
    #[error("it is larger than the largest payload of the backplane")]
    TooLarge,
    #[error("it has waited for a second")]
    TooOld,
    #[error(transparent)]
    Failed(#[from] BackplaneError),
    #[error("the backplane did not answer in time")]
    TimedOut,
    #[error("the backplane panicked")]
    Panicked,
    #[error("it cannot be encoded: {0}")]
    Encoding(#[from] postcard::Error),
}

impl From<Panicked> for NotPublished {
    fn from(_panicked: Panicked) -> Self {
        Self::Panicked
    }
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            published: Counted::new("robyn_ws_backplane_published_total"),
            dropped: Counted::new("robyn_ws_backplane_dropped_total"),
            received: Counted::new("robyn_ws_backplane_received_total"),
            repeated: Counted::new("robyn_ws_backplane_repeated_total"),
            gaps: Counted::new("robyn_ws_backplane_gaps_total"),
            late: Counted::new("robyn_ws_backplane_late_total"),
            lost: Counted::new("robyn_ws_backplane_lost_total"),
            ignored: Counted::new("robyn_ws_backplane_ignored_total"),
            drops: Arc::default(),
            failures: Arc::default(),
            losses: Arc::default(),
            refusals: Arc::default(),
            closes: Arc::default(),
            tellings: AtomicU64::new(0),
        }
    }
}

/// Tells a collector whether the backplane is up.
#[cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, reason = "nothing is reported without the feature")
)]
pub(super) fn report_health(is_up: bool) {
    #[cfg(feature = "metrics")]
    let _ = isolate::call(|| metrics::gauge!("robyn_ws_backplane_up").set(f64::from(u8::from(is_up)))); // The panic hook has reported it.
}

impl Reports {
    /// Takes note that the backplane knows what this node wants to get.
    pub(super) fn told(&self) {
        self.tellings.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often the backplane was told that.
    #[cfg(feature = "test-util")]
    pub(super) fn tellings(&self) -> u64 {
        self.tellings.load(Ordering::Relaxed)
    }

    pub(super) fn published(&self) {
        self.published.add(1);
    }

    pub(super) fn received(&self) {
        self.received.add(1);
    }

    pub(super) fn repeated(&self) {
        self.repeated.add(1);
    }

    /// Counts what was dropped because the backplane is down, of which the log knows already.
    pub(super) fn unavailable(&self, number: usize) {
        self.dropped.add(number as u64);
    }

    /// Says that other nodes were not told to close connections, since the backplane is down. Who closes them is not told.
    pub(super) fn close_unavailable(&self) {
        self.not_closed(
            "connections of other nodes were not closed, since the backplane is down: close them again when it is up",
        );
    }

    /// Says that other nodes were not told to close connections, since they would not do it.
    pub(super) fn close_not_allowed(&self) {
        self.not_closed(
            "connections of other nodes are not closed without `App::backplane_key`: add it on all nodes, or `App::trust_backplane`",
        );
    }

    fn not_closed(&self, why: &str) {
        self.dropped.add(1);
        let is_first = self.closes.is_first(|more| {
            log::warn!(more, "more connections of other nodes were not closed");
        });
        log::warn_first!(is_first, "{why}");
    }

    pub(super) fn not_published(&self, why: &NotPublished) {
        self.dropped.add(1);
        let is_first = self.drops.is_first(|more| {
            log::warn!(more, "more was not published to other nodes");
        });
        log::warn_first!(is_first, "not published to other nodes: {why}");
    }

    /// Says that interests could not be changed. They are tried again.
    pub(super) fn not_subscribed(&self, why: &NotPublished) {
        let is_first = self.failures.is_first(|more| {
            log::warn!(more, "the backplane has failed again");
        });
        log::warn_first!(
            is_first,
            "the subscriptions of this node could not be changed, and are tried again: {why}"
        );
    }

    pub(super) fn gap(&self, origin: NodeId) {
        self.gaps.add(1);
        self.warn_of_loss(&format_args!("something of the node {origin} did not arrive"));
    }

    pub(super) fn late(&self, origin: NodeId) {
        self.late.add(1);
        self.warn_of_loss(&format_args!("a message of the node {origin} came too late"));
    }

    pub(super) fn lost(&self, number: u64) {
        self.lost.add(number);
        self.warn_of_loss(&format_args!(
            "{number} envelopes were dropped by the backplane, since this node did not take them in time"
        ));
    }

    fn warn_of_loss(&self, what: &std::fmt::Arguments<'_>) {
        let is_first = self.losses.is_first(|more| {
            log::warn!(more, "more was lost between nodes");
        });
        log::warn_first!(is_first, "lost between nodes: {what}");
    }

    pub(super) fn ignored(&self, why: &Ignored) {
        self.ignored.add(1);
        let last = why.to_string();
        let is_first = self.refusals.is_first(move |more| {
            log::warn!(more, "more of the backplane was ignored, as this was: {last}");
        });
        log::warn_first!(is_first, "an envelope of the backplane was ignored: {why}");
    }

    pub(super) fn counters(&self) -> BackplaneCounters {
        BackplaneCounters {
            published: self.published.get(),
            dropped: self.dropped.get(),
            received: self.received.get(),
            repeated: self.repeated.get(),
            gaps: self.gaps.get(),
            late: self.late.get(),
            lost: self.lost.get(),
            ignored: self.ignored.get(),
        }
    }
}
