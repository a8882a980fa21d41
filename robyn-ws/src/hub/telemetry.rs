//! Counters of each endpoint. With the feature `metrics`, they are also reported through the `metrics` facade.
#![cfg_attr(
    not(feature = "metrics"),
    expect(
        unused_variables,
        clippy::unused_self,
        reason = "nothing is reported without the feature"
    )
)]

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use tracing::{Level, Span, info_span, span_enabled};

use crate::{
    types::{close::CloseReason, event_kind::EventKind, id::ConnectionId, limits::Overflow},
    wire::deflate::Compressed,
};

/// The counters of one endpoint.
#[derive(Debug)]
pub(crate) struct Telemetry {
    frames_encoded: AtomicU64,
    messages_dropped: AtomicU64,
    messages_replaced: AtomicU64,
    answers_ignored: AtomicU64,
    /// `None` if nothing is reported: the endpoint does not exist, or the collector panicked.
    #[cfg(feature = "metrics")]
    handles: Option<handles::Handles>,
}

/// Reports to the collector, if any.
macro_rules! tell {
    ($self:ident, $handles:ident => $statement:expr) => {
        #[cfg(feature = "metrics")]
        if let Some($handles) = &$self.handles {
            // The panic hook has reported a panic of the collector, and the connection goes on.
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

    /// Creates counters that are not reported.
    pub(crate) fn silent() -> Self {
        Self {
            frames_encoded: AtomicU64::new(0),
            messages_dropped: AtomicU64::new(0),
            messages_replaced: AtomicU64::new(0),
            answers_ignored: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            handles: None,
        }
    }

    /// Counts a message that was encoded as a frame.
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

    pub(crate) fn messages_replaced(&self) -> u64 {
        self.messages_replaced.load(Ordering::Relaxed)
    }

    /// Counts an answer of a client to no call that waits.
    pub(crate) fn ignored_answer(&self) {
        self.answers_ignored.fetch_add(1, Ordering::Relaxed);
        tell!(self, handles => handles.ignored_answer());
    }

    pub(crate) fn answers_ignored(&self) -> u64 {
        self.answers_ignored.load(Ordering::Relaxed)
    }

    /// Counts an upgrade that was answered with `status` for `reason`.
    pub(crate) fn upgraded(&self, status: u16, reason: &'static str) {
        tell!(self, handles => handles.upgraded(status, reason));
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

    /// Counts messages that were compressed.
    #[cfg(feature = "deflate")]
    #[inline]
    pub(crate) fn compressed(&self, sizes: Compressed) {
        if !sizes.is_nothing() {
            tell!(self, handles => handles.compression.sent(sizes));
        }
    }

    #[cfg(not(feature = "deflate"))]
    #[cfg_attr(
        feature = "metrics",
        expect(clippy::unused_self, reason = "nothing is compressed without the feature")
    )]
    pub(crate) const fn compressed(&self, _nothing: Compressed) {}

    #[cfg(not(feature = "deflate"))]
    #[cfg_attr(
        feature = "metrics",
        expect(clippy::unused_self, reason = "nothing is decompressed without the feature")
    )]
    pub(crate) const fn decompressed(&self, _nothing: Compressed) {}

    /// Counts messages that were decompressed.
    #[cfg(feature = "deflate")]
    pub(crate) fn decompressed(&self, sizes: Compressed) {
        tell!(self, handles => handles.compression.received(sizes));
    }

    pub(crate) fn received(&self, bytes: usize) {
        tell!(self, handles => handles.received(bytes));
    }

    /// Counts frames that were written to the socket.
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

    /// Counts queued messages that were replaced by a newer one of their key.
    pub(crate) fn replaced(&self, messages: usize) {
        if messages > 0 {
            self.messages_replaced.fetch_add(messages as u64, Ordering::Relaxed);
            tell!(self, handles => handles.replaced(messages));
        }
    }

    pub(crate) fn handled(&self, event: EventKind, stopwatch: Stopwatch) {
        tell!(self, handles => handles.handled(event, stopwatch));
    }
}

/// Creates the span of a handler's run if a subscriber wants it. Otherwise tracing would offer the span to the `log`
/// crate for every message.
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

/// Creates the span of a connection if a subscriber wants it, as [`handler_span`].
pub(crate) fn connection_span(id: ConnectionId, endpoint: &str, peer: Option<SocketAddr>) -> Span {
    if span_enabled!(Level::INFO) {
        // Few connections have a proxy, which is recorded later.
        info_span!("ws.connection", %id, %endpoint, peer = peer.map(tracing::field::display), proxy = tracing::field::Empty)
    } else {
        Span::none()
    }
}

/// Measures how long a handler runs, if that is reported.
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
    //! The metrics of one endpoint. Those reported for every message are registered once.

    use std::{
        fmt,
        sync::{Arc, OnceLock},
    };

    use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

    use super::Stopwatch;
    use crate::types::event_kind::EventKind;
    #[cfg(feature = "deflate")]
    use crate::wire::deflate::Compressed;

    pub(super) struct Handles {
        endpoint: Arc<str>,
        pub(super) connections: Gauge,
        messages_received: Counter,
        bytes_received: Counter,
        messages_sent: Counter,
        bytes_sent: Counter,
        recipients: Histogram,
        #[cfg(feature = "deflate")]
        pub(super) compression: Compression,
        /// From the first keyed broadcast on that replaces a message.
        messages_replaced: OnceLock<Counter>,
        /// Durations of the message handler, from its first message on: an endpoint may have none.
        message_durations: OnceLock<Histogram>,
        /// Durations of the `call` handlers.
        call_durations: OnceLock<Histogram>,
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
                #[cfg(feature = "deflate")]
                compression: Compression::new(&endpoint),
                messages_replaced: OnceLock::new(),
                message_durations: OnceLock::new(),
                call_durations: OnceLock::new(),
                endpoint,
            }
        }

        fn endpoint(&self) -> Arc<str> {
            self.endpoint.clone()
        }

        pub(super) fn upgraded(&self, status: u16, reason: &'static str) {
            let status = status.to_string();
            counter!("robyn_ws_upgrades_total", "endpoint" => self.endpoint(), "status" => status, "reason" => reason)
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

        pub(super) fn replaced(&self, messages: usize) {
            self.messages_replaced
                .get_or_init(|| counter!("robyn_ws_messages_replaced_total", "endpoint" => self.endpoint()))
                .increment(messages as u64);
        }

        pub(super) fn ignored_answer(&self) {
            counter!("robyn_ws_answers_ignored_total", "endpoint" => self.endpoint()).increment(1);
        }

        pub(super) fn handled(&self, event: EventKind, stopwatch: Stopwatch) {
            let took = stopwatch.start.elapsed();
            let frequent = match event {
                EventKind::Message => &self.message_durations,
                EventKind::Call => &self.call_durations,
                _ => return self.durations(event).record(took),
            };
            frequent.get_or_init(|| self.durations(event)).record(took);
        }

        fn durations(&self, event: EventKind) -> Histogram {
            histogram!("robyn_ws_handler_duration_seconds", "endpoint" => self.endpoint(), "event" => event.name())
        }
    }

    /// The bytes of compressed messages, without and with compression. Registered by the first such message.
    #[cfg(feature = "deflate")]
    pub(super) struct Compression {
        endpoint: Arc<str>,
        sent: OnceLock<[Counter; 2]>,
        received: OnceLock<[Counter; 2]>,
    }

    #[cfg(feature = "deflate")]
    impl Compression {
        fn new(endpoint: &Arc<str>) -> Self {
            Self {
                endpoint: endpoint.clone(),
                sent: OnceLock::new(),
                received: OnceLock::new(),
            }
        }

        pub(super) fn sent(&self, sizes: Compressed) {
            self.count(&self.sent, "sent", sizes);
        }

        pub(super) fn received(&self, sizes: Compressed) {
            self.count(&self.received, "received", sizes);
        }

        fn count(&self, counters: &OnceLock<[Counter; 2]>, direction: &'static str, sizes: Compressed) {
            let [plain, compressed] = counters.get_or_init(|| {
                let labels = || {
                    [
                        ("endpoint", self.endpoint.to_string()),
                        ("direction", direction.to_owned()),
                    ]
                };
                [
                    counter!("robyn_ws_compression_plain_bytes_total", &labels()),
                    counter!("robyn_ws_compression_compressed_bytes_total", &labels()),
                ]
            });
            plain.increment(sizes.plain as u64);
            compressed.increment(sizes.compressed as u64);
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
