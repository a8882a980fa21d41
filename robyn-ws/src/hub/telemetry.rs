//! What is counted for each endpoint; with the feature `metrics` a collector is told, through the `metrics` facade.
#![cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, clippy::unused_self, reason = "without the feature nobody is told")
)]

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use tracing::{Level, Span, info_span, span_enabled};

use crate::types::{close::CloseReason, event_kind::EventKind, id::ConnectionId, limits::Overflow};

/// The counters of one endpoint.
#[derive(Debug)]
pub(crate) struct Telemetry {
    frames_encoded: AtomicU64,
    messages_dropped: AtomicU64,
    /// None where nobody is told: the endpoint does not exist, or the collector has panicked.
    #[cfg(feature = "metrics")]
    handles: Option<handles::Handles>,
}

/// Tells the collector, if there is one.
macro_rules! tell {
    ($self:ident, $handles:ident => $statement:expr) => {
        #[cfg(feature = "metrics")]
        if let Some($handles) = &$self.handles {
            // The panic hook has told of a panic, which is no matter of the connection.
            let _ = crate::util::isolate::call(|| $statement);
        }
    };
}

impl Telemetry {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            handles: crate::util::isolate::call(|| handles::Handles::new(endpoint)).ok(),
            ..Self::silent()
        }
    }

    /// Creates counters of which no collector is told.
    pub(crate) fn silent() -> Self {
        Self {
            frames_encoded: AtomicU64::new(0),
            messages_dropped: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            handles: None,
        }
    }

    /// A message was encoded as a frame.
    #[inline]
    pub(crate) fn encoded(&self) {
        self.frames_encoded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn frames_encoded(&self) -> u64 {
        self.frames_encoded.load(Ordering::Relaxed)
    }

    pub(crate) fn messages_dropped(&self) -> u64 {
        self.messages_dropped.load(Ordering::Relaxed)
    }

    /// An upgrade was answered: with 101, or with the status that refuses it.
    pub(crate) fn upgraded(&self, status: u16) {
        tell!(self, handles => handles.upgraded(status));
    }

    pub(crate) fn opened(&self) {
        tell!(self, handles => handles.connections.increment(1));
    }

    pub(crate) fn left(&self) {
        tell!(self, handles => handles.connections.decrement(1));
    }

    pub(crate) fn closed(&self, reason: &CloseReason) {
        tell!(self, handles => handles.closed(reason.label()));
    }

    pub(crate) fn received(&self, bytes: usize) {
        tell!(self, handles => handles.received(bytes));
    }

    /// Frames were handed to the socket.
    #[inline]
    pub(crate) fn sent(&self, messages: usize, bytes: usize) {
        tell!(self, handles => handles.sent(messages, bytes));
    }

    pub(crate) fn broadcast(&self, recipients: usize) {
        tell!(self, handles => handles.broadcast(recipients));
    }

    pub(crate) fn dropped(&self, messages: usize, policy: Overflow) {
        self.messages_dropped.fetch_add(messages as u64, Ordering::Relaxed);
        tell!(self, handles => handles.dropped(messages, policy.label()));
    }

    pub(crate) fn handled(&self, event: EventKind, stopwatch: Stopwatch) {
        tell!(self, handles => handles.handled(event, stopwatch));
    }
}

/// Makes the span of a handler's run, if a subscriber wants it. A span that nobody wants would be offered to the `log` crate
/// each time it is entered, for every message.
pub(crate) fn handler_span(event: EventKind, handler: &'static str) -> Span {
    if span_enabled!(Level::INFO) {
        info_span!("ws.message", event = event.name(), handler)
    } else {
        Span::none()
    }
}

/// Calls a handler in its span, as [`handler_span`].
#[inline]
pub(crate) fn in_handler_span<T>(event: EventKind, handler: &'static str, call: impl FnOnce() -> T) -> T {
    #[cold]
    fn in_span<T>(event: EventKind, handler: &'static str, call: impl FnOnce() -> T) -> T {
        handler_span(event, handler).in_scope(call)
    }

    if span_enabled!(Level::INFO) {
        in_span(event, handler, call)
    } else {
        call()
    }
}

/// Makes the span of a connection, as [`handler_span`].
pub(crate) fn connection_span(id: ConnectionId, endpoint: &str, peer: Option<SocketAddr>) -> Span {
    if span_enabled!(Level::INFO) {
        info_span!("ws.connection", %id, %endpoint, peer = peer.map(tracing::field::display))
    } else {
        Span::none()
    }
}

/// Measures a handler, if anybody is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    #[cfg(feature = "metrics")]
    start: std::time::Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "metrics")]
            start: std::time::Instant::now(),
        }
    }
}

#[cfg(feature = "metrics")]
mod handles {
    //! The metrics of one endpoint, registered once where they are told of with every message.

    use std::{
        fmt,
        sync::{Arc, OnceLock},
    };

    use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

    use super::Stopwatch;
    use crate::types::event_kind::EventKind;

    pub(super) struct Handles {
        endpoint: Arc<str>,
        pub(super) connections: Gauge,
        messages_received: Counter,
        bytes_received: Counter,
        messages_sent: Counter,
        bytes_sent: Counter,
        recipients: Histogram,
        /// Of the message handler, from its first message on: an endpoint may have none.
        message_durations: OnceLock<Histogram>,
    }

    impl Handles {
        pub(super) fn new(endpoint: &str) -> Self {
            let endpoint = Arc::<str>::from(endpoint);
            let label = || ("endpoint", endpoint.clone());
            Self {
                connections: gauge!("robyn_ws_connections", &[label()]),
                messages_received: counter!("robyn_ws_messages_received_total", &[label()]),
                bytes_received: counter!("robyn_ws_received_bytes_total", &[label()]),
                messages_sent: counter!("robyn_ws_messages_sent_total", &[label()]),
                bytes_sent: counter!("robyn_ws_sent_bytes_total", &[label()]),
                recipients: histogram!("robyn_ws_broadcast_recipients", &[label()]),
                message_durations: OnceLock::new(),
                endpoint,
            }
        }

        fn endpoint(&self) -> Arc<str> {
            self.endpoint.clone()
        }

        pub(super) fn upgraded(&self, status: u16) {
            counter!("robyn_ws_upgrades_total", "endpoint" => self.endpoint(), "status" => status.to_string())
                .increment(1);
        }

        pub(super) fn closed(&self, reason: &'static str) {
            counter!("robyn_ws_closes_total", "endpoint" => self.endpoint(), "reason" => reason).increment(1);
        }

        pub(super) fn received(&self, bytes: usize) {
            self.messages_received.increment(1);
            self.bytes_received.increment(bytes as u64);
        }

        pub(super) fn sent(&self, messages: usize, bytes: usize) {
            self.messages_sent.increment(messages as u64);
            self.bytes_sent.increment(bytes as u64);
        }

        #[expect(clippy::cast_precision_loss, reason = "no audience is that large")]
        pub(super) fn broadcast(&self, recipients: usize) {
            self.recipients.record(recipients as f64);
        }

        pub(super) fn dropped(&self, messages: usize, policy: &'static str) {
            counter!("robyn_ws_messages_dropped_total", "endpoint" => self.endpoint(), "policy" => policy)
                .increment(messages as u64);
        }

        pub(super) fn handled(&self, event: EventKind, stopwatch: Stopwatch) {
            let took = stopwatch.start.elapsed();
            if event == EventKind::Message {
                self.message_durations
                    .get_or_init(|| self.durations(event))
                    .record(took);
            } else {
                self.durations(event).record(took);
            }
        }

        fn durations(&self, event: EventKind) -> Histogram {
            histogram!("robyn_ws_handler_duration_seconds", "endpoint" => self.endpoint(), "event" => event.name())
        }
    }

    impl fmt::Debug for Handles {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Handles")
                .field("endpoint", &self.endpoint)
                .finish_non_exhaustive()
        }
    }
}
