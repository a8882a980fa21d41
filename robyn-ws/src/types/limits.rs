//! Every limit in one place, each with its default, unit and reason.

mod contradictions;
mod overflow;
mod value;

use std::{ops::RangeInclusive, time::Duration};

pub use self::overflow::{IdentityOverflow, Overflow};
use self::value::{Named, Scope};
use crate::types::{
    close::{EXPIRED, REPLACED},
    error::{Place, Problems},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const GIB: usize = 1024 * MIB;

/// More sockets than any machine has.
const MAX_SOCKETS: usize = 1 << 24;

/// Default of `max_tls_handshakes`.
#[cfg(feature = "tls")]
const MAX_TLS_HANDSHAKES: usize = 4096;

/// The largest window of HTTP/2 (RFC 9113 section 6.9.1).
#[cfg(feature = "http2")]
const MAX_WINDOW: u32 = (1 << 31) - 1;

/// The smallest window of an HTTP/2 connection, which cannot be less than 65,535.
#[cfg(feature = "http2")]
const MIN_WINDOW: u32 = 64 * 1024;

/// The window of an HTTP/2 connection, as a multiple of the windows of all its streams. The crate `h2` counts an unread frame
/// of fewer than 256 bytes as what it lacks, and ends a connection for which that is more than half of its window. With 12
/// times the bytes, the windows of half of the streams can be full of frames of 20 bytes, or those of all of 37. More would
/// let a client that sends single bytes take more memory: 260 bytes for each.
#[cfg(feature = "http2")]
const WINDOWS_OF_SMALL_FRAMES: u64 = 12;

/// The range of times: nothing can happen in less, and more than a year is a mistake.
const TIMES: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(365 * 24);

/// The range of the time between two pings. An answer takes a round trip, and two machines may be busy.
const INTERVALS: RangeInclusive<Duration> = Duration::from_millis(10)..=*TIMES.end();

/// Declares [`Limits`], whose fields may be unset, and [`Bounds`], whose fields are not, from one table.
///
/// `build()` takes the values in the range after `in`. Messages count in the unit after `of`, and name what `None` is by the
/// text after `none`. A sub-router's value is at most the one around it, unless the row says `or wider`. A sub-router cannot
/// set a limit whose row says `app only`. A limit whose row ends with a feature exists only with that feature.
macro_rules! limits {
    ($(
        $(#[$doc:meta])*
        $name:ident($argument:ty): $type:ty = $default:expr
            $(, in $range:expr $(, of $unit:literal)? $(, none $none:literal)?)? $(, or $wider:ident)? $(, app $only:ident)? $(, feature $feature:literal)?;
    )+) => {
        /// The limits of an app, or narrower ones of a sub-router. An unset limit has its default on the app, and the
        /// surrounding value on a sub-router. `build()` reports values that cannot work, values that contradict each other,
        /// and values of a sub-router that are wider than the ones around it.
        ///
        /// Every time is between 1 ms and 365 days, unless its own documentation says otherwise. A limit that can be turned off
        /// takes `None` for that.
        ///
        /// ```
        /// use std::time::Duration;
        /// use robyn_ws::prelude::*;
        ///
        /// let limits = Limits::default()
        ///     .max_message_size(256 * 1024)
        ///     .idle_timeout(Duration::from_secs(600));
        /// let app = App::new().limits(limits);
        /// # drop(app);
        /// ```
        #[derive(Clone, Debug, Default)]
        pub struct Limits {
            $($(#[cfg(feature = $feature)])? $name: Option<$type>,)+
        }

        impl Limits {
            $(
                $(#[$doc])*
                $(#[cfg(feature = $feature)])?
                #[must_use]
                pub fn $name(mut self, value: $argument) -> Self {
                    self.$name = Some(value.into());
                    self
                }
            )+

            /// Fills unset limits from `outer`.
            fn over(&self, outer: &Bounds) -> Bounds {
                Bounds { $($(#[cfg(feature = $feature)])? $name: self.$name.clone().unwrap_or_else(|| outer.$name.clone()),)+ }
            }

            /// Reports every value that cannot work by itself. Returns the limits without these values, so that no value is
            /// reported again.
            fn without_impossible(mut self, place: Place, problems: &mut Problems) -> Self {
                $($(#[cfg(feature = $feature)])? {
                    $(if let Some(value) = &self.$name
                        && let Some(message) =
                            limits!(@named $name $($unit)?, $($none)?).outside(value, &$range)
                    {
                        problems.report(place, None, message);
                        self.$name = None;
                    })?
                })+
                self
            }

            /// Reports every value that a sub-router cannot have inside of `outer`. Returns the limits without these values.
            fn without_wider(mut self, outer: &Bounds, place: Place, problems: &mut Problems) -> Self {
                $($(#[cfg(feature = $feature)])? {
                    let named = limits!(@named $name $($($unit)?)?, $($($none)?)?);
                    if let Some(value) = &self.$name
                        && let Some(message) =
                            limits!(@scope $($wider)? $($only)?).refuses(&named, value, &outer.$name)
                    {
                        problems.report(place, None, message);
                        self.$name = None;
                    }
                })+
                self
            }
        }

        /// The limits in force for an endpoint.
        #[derive(Clone, Debug)]
        pub(crate) struct Bounds {
            $($(#[cfg(feature = $feature)])? pub(crate) $name: $type,)+
        }

        impl Default for Bounds {
            fn default() -> Self {
                Self { $($(#[cfg(feature = $feature)])? $name: $default,)+ }
            }
        }
    };
    (@named $name:ident $($unit:literal)?, $($none:literal)?) => {
        Named {
            name: stringify!($name),
            unit: concat!($($unit)?),
            none: concat!($($none)?),
        }
    };
    (@scope) => {
        Scope::Narrower
    };
    (@scope wider) => {
        Scope::Any
    };
    (@scope only) => {
        Scope::AppOnly
    };
}

limits! {
    /// The longest message taken, in bytes of payload. Default: 1 MiB, at most 1 GiB. Above it: close code 1009.
    max_message_size(usize): usize = MIB, in 1..=GIB, of "bytes";
    /// The longest frame taken, in bytes of payload, decided from its header. Default: as `max_message_size`. Above it:
    /// close code 1009.
    max_frame_size(usize): usize = usize::MAX, in 1..=GIB, of "bytes";
    /// The most fragments of one message. Default: 1,048,576, so that a message of the largest size can come byte by byte.
    /// Above it: close code 1009.
    max_fragments(usize): usize = MIB, in 1..=GIB, of "fragments";
    /// The size of an allocation that received messages share, in bytes. Default: 4 KiB, at most 1 MiB. Each thread has
    /// one, and each connection in the middle of a message: small values save memory, large ones save time on long messages.
    /// A sub-router can have a larger one.
    read_buffer(usize): usize = 4 * KIB, in 1..=MIB, of "bytes", or wider;
    /// The most messages queued for one client. Default: 256, at most 1,048,576. Above it:
    /// [`Overflow`].
    max_outbound_messages(usize): usize = 256, in 1..=MIB, of "messages";
    /// The most bytes queued for one client, with the 2 to 10 bytes of each frame's header. Default: 1 MiB, at most 1 GiB.
    /// Above it: [`Overflow`]. One message of any length always fits into an empty queue. A compressed message counts with its
    /// compressed length, unless it is longer than 256 KiB or its client has a dedicated context: then with its plain length.
    max_outbound_bytes(usize): usize = MIB, in 1..=GIB, of "bytes";
    /// The policy above `max_outbound_messages` or `max_outbound_bytes`. Default: [`Overflow::Disconnect`].
    overflow(Overflow): Overflow = Overflow::default();
    /// How long an `async_` send waits for space in a full queue before the overflow policy decides, and how long replies
    /// and a closing connection's queue wait, while the client takes no bytes. A client that takes bytes, however slowly,
    /// does not time out. `App::serve` also gives up an answer of HTTP that is not taken for so long, over HTTP/1.1 with its
    /// connection, over HTTP/2 with its stream; there, a client takes bytes when it takes 16 KiB. Default: 10 s.
    send_timeout(Duration): Duration = Duration::from_secs(10), in TIMES;
    /// How long an `async_broadcast` waits for clients whose queues are full, before the overflow policy decides.
    /// Default: 250 ms.
    broadcast_timeout(Duration): Duration = Duration::from_millis(250), in TIMES;
    /// The most messages read ahead of the running handler. Default: 16, at most 65,536. Reading ahead also stops once they
    /// have `max_message_size` bytes together. Then the socket is not read, so TCP slows the client down.
    max_read_ahead(usize): usize = 16, in 1..=64 * KIB, of "messages";
    /// How often a quiet client is pinged. Default: 25 s, below the usual 30 s of proxies. At least 10 ms: with a
    /// shorter one, clients would be considered lost while their answers are on the way. `None` turns it off. Over HTTP/2,
    /// `App::serve` also pings the connection itself, as often as its app says: a client that does not answer is lost with
    /// all that it has open.
    heartbeat_interval(impl Into<Option<Duration>>): Option<Duration> = Some(Duration::from_secs(25)), in INTERVALS, none "no pings";
    /// Number of silent heartbeat intervals before a client is considered lost, at least 2: it is pinged after the first,
    /// and must have answered by the last. Default: 2, at most 1,000.
    max_missed_heartbeats(u32): u32 = 2, in 2..=1000, of "intervals";
    /// How long a client may send no part of a message before it is closed with 1001. Pongs do not count, nor does the time
    /// in which its handlers run. Default: off.
    idle_timeout(impl Into<Option<Duration>>): Option<Duration> = None, in TIMES, none "no timeout";
    /// How long the server waits for the client's Close after its own. Default: 5 s.
    close_timeout(Duration): Duration = Duration::from_secs(5), in TIMES;
    /// How long a running handler may go on after its connection ended, before it is dropped. Default: 10 s. The
    /// thread of a `blocking` handler cannot be stopped: the connection ends without it, and the close handler runs when
    /// the thread is done.
    handler_grace(Duration): Duration = Duration::from_secs(10), in TIMES;
    /// How long a message or `call` handler may run before its connection is closed with 1011. Default: off. An asynchronous handler
    /// is dropped, the thread of a `blocking` one is left behind, and any other synchronous one cannot be interrupted. A handler
    /// that calls its client waits for at most `call_timeout`, which should be shorter: the call then fails, and the
    /// connection goes on.
    handler_timeout(impl Into<Option<Duration>>): Option<Duration> = None, in TIMES, none "no timeout";
    /// How long `App::serve` drains on SIGINT and SIGTERM before it cuts the remaining connections. Default: 10 s. App only.
    shutdown_grace(Duration): Duration = Duration::from_secs(10), in TIMES, app only;
    /// How long, at least, `App::serve` answers new upgrades with 503 after SIGINT and SIGTERM, even without connections to
    /// drain: drained clients reconnect at once, and a load balancer takes a while to notice. Default: 0.5 s. 0 turns it
    /// off. At most `shutdown_grace`. App only.
    unready_grace(Duration): Duration = Duration::from_millis(500), in Duration::ZERO..=*TIMES.end(), app only;
    /// How long a drain takes to close the connections, in batches at random moments of equal parts: their clients reconnect
    /// at once, and so come back spread over this time. Default: 0.1 s for every 256 connections, at most half of the grace.
    /// At most the grace; where [`Shutdown::drain`](crate::Shutdown::drain) gets a shorter grace, that counts. App only.
    drain_interval(impl Into<Option<Duration>>): Option<Duration> = None, in TIMES, none "the default", app only;
    /// The most connections at once: of the app, or of the sub-router that narrows it. Default: off. At most 16,777,216.
    /// Above it: 503.
    max_connections(impl Into<Option<usize>>): Option<usize> = None, in 1..=MAX_SOCKETS, of "connections", none "no limit";
    /// The most connections at once from one IP address. Default: off. Above it: 429. Only WebSockets count, and not
    /// connections of TCP, handshakes of TLS or requests of HTTP. An IPv4 address is the same address when it is written as
    /// IPv6 (`::ffff:192.0.2.1`). Of an IPv6 address the first 64 bits count, since one customer has all addresses that begin
    /// with them. Behind [trusted proxies](crate::App::trusted_proxies), the address that they name counts. A server of your
    /// own has to pass on addresses with `into_make_service_with_connect_info::<SocketAddr>()`: without them no client is
    /// refused, and that is logged.
    max_connections_per_ip(impl Into<Option<usize>>): Option<usize> = None, in 1..=MAX_SOCKETS, of "connections", none "no limit";
    /// The most upgrade handlers that run at once: of the app, or of the sub-router that narrows it. They are not counted as
    /// connections, so slow ones do not use up `max_connections`. Default: 1024, at most 16,777,216. Above it: 503.
    max_handshakes(usize): usize = 1024, in 1..=MAX_SOCKETS, of "upgrade handlers";
    /// The most upgrades in a second that pass all checks before the upgrade handler, those of the other limits included: of
    /// the app, or of the sub-router that narrows it. The upgrades of one second can come at once. It keeps the upgrade
    /// handlers of a restarted server from a storm of clients that reconnect. Default: off. At most 1,000,000. Above it: 503
    /// with a random `Retry-After` of 1 to 10 s.
    max_upgrades_per_second(impl Into<Option<u32>>): Option<u32> = None, in 1..=1_000_000, of "upgrades", none "no limit";
    /// The most frames of any kind from one client in a second. A message in one piece is one frame, and the answer to a
    /// ping of the server does not count. Default: off. At most 1,000,000. Above it: close code 1008.
    max_messages_per_second(impl Into<Option<u32>>): Option<u32> = None, in 1..=1_000_000, of "frames", none "no limit";
    /// The most calls in a batch of JSON-RPC. Default: 100, at most 65,536. Above it: the batch is answered with the error
    /// -32600, and none of its calls is run. When the answers of a batch have more bytes than `max_outbound_bytes`, the calls
    /// behind are not run, and are answered with -32600.
    max_batched_calls(usize): usize = 100, in 1..=64 * KIB, of "calls";
    /// The most calls to one client that wait for its answers. Default: 128, at most 65,536. Above it:
    /// [`CallError::TooManyUnanswered`](crate::CallError::TooManyUnanswered).
    max_unanswered_calls(usize): usize = 128, in 1..=64 * KIB, of "calls";
    /// How long a call to a client waits for its answer, with the time that it takes to send it. Default: 30 s.
    /// If it is not below `handler_timeout`, a client that does not answer a handler's call ends its connection, and the
    /// warning says so. `build()` does not report that, since the calls of tasks and HTTP routes may wait longer.
    call_timeout(Duration): Duration = Duration::from_secs(30), in TIMES;
    /// The longest `id` of a call, in bytes of its JSON. Default: 256, at most 64 KiB. Above it: the call is answered with the
    /// error -32600.
    max_call_id(usize): usize = 256, in 1..=64 * KIB, of "bytes";
    /// The most rooms one connection can be in. Default: 1024, at most 1,048,576. Above it: `join` refuses.
    max_rooms_per_connection(usize): usize = 1024, in 0..=MIB, of "rooms";
    /// The longest name of a room, in bytes. Default: 256, at most 64 KiB. Above it: `join` refuses.
    max_room_name(usize): usize = 256, in 1..=64 * KIB, of "bytes";
    /// The longest [`Identity`](crate::Identity) of a connection, in bytes. Default: 256, at most 64 KiB. Above it: 400, or
    /// close code 1008 once the connection exists.
    max_identity_size(usize): usize = 256, in 1..=64 * KIB, of "bytes";
    /// The most connections of one [`Identity`](crate::Identity) at once: of the app, or of the sub-router that narrows it.
    /// 1 is one session at a time. Default: off. At most 16,777,216. Above it: [`IdentityOverflow`].
    max_connections_per_identity(impl Into<Option<usize>>): Option<usize> = None, in 1..=MAX_SOCKETS, of "connections", none "no limit";
    /// The policy above `max_connections_per_identity`. Default: [`IdentityOverflow::Refuse`]. `build()` reports a policy
    /// where no such limit is set: here, around it, or in a sub-router.
    identity_overflow(IdentityOverflow): IdentityOverflow = IdentityOverflow::default();
    /// The close code of a connection that gives way under [`IdentityOverflow::CloseOldest`]. Default: 4409. A sub-router can
    /// have another one.
    replaced_code(u16): u16 = REPLACED, or wider;
    /// The close code of a connection whose [`expires_in`](crate::WebSocketConnector::expires_in) or
    /// [`expires_at`](crate::WebSocketConnector::expires_at) is over. Default: 4401. A sub-router can have another one.
    expired_code(u16): u16 = EXPIRED, or wider;
    /// The longest request target (path and query) of an upgrade, in bytes. Default: 8 KiB, at most 64 KiB. Above it: 414.
    max_request_target(usize): usize = 8 * KIB, in 1..=64 * KIB, of "bytes";
    /// The longest head of an upgrade request, in bytes of its target and of its headers' names and values. Default: 64 KiB,
    /// at most 1 MiB. Above it: 431. A connection keeps the head for its handlers. The HTTP server has a limit of its own:
    /// that of hyper is about 400 KiB and 100 headers.
    max_request_head(usize): usize = 64 * KIB, in 1..=MIB, of "bytes";
    /// How long a client of `App::serve` may take for the handshake of TLS, before TCP is closed. Default: 10 s. App only,
    /// feature `tls`.
    tls_handshake_timeout(Duration): Duration = Duration::from_secs(10), in TIMES, app only, feature "tls";
    /// The most TLS handshakes of `App::serve` at once, those of silent clients included. Default: 4096, at most 16,777,216.
    /// Above it, TCP is closed, since no answer can be understood before the handshake. App only, feature `tls`.
    max_tls_handshakes(usize): usize = MAX_TLS_HANDSHAKES, in 1..=MAX_SOCKETS, of "handshakes", app only, feature "tls";
    /// The most TLS handshakes of `App::serve` at once from one IP address, so that silent clients of a few addresses cannot
    /// have all of `max_tls_handshakes`. Default: an eighth of `max_tls_handshakes`, which is 512, and at most all of them.
    /// Above it, TCP is closed. What counts as one address is said at `max_connections_per_ip`. Behind
    /// [proxies that speak the PROXY protocol](crate::App::proxy_protocol), the address that they introduce counts. A trusted
    /// proxy itself has no such limit. A load balancer that passes on TLS without the PROXY protocol makes all clients one: turn
    /// the limit off, rather than trust headers that the clients write. App only, feature `tls`.
    max_tls_handshakes_per_ip(impl Into<Option<usize>>): Option<usize> = Some(share_of_handshakes(MAX_TLS_HANDSHAKES)), in 1..=MAX_SOCKETS, of "handshakes", none "no limit", app only, feature "tls";
    /// The most requests and WebSockets of one HTTP/2 connection of `App::serve` at once
    /// (`SETTINGS_MAX_CONCURRENT_STREAMS`, RFC 9113 section 5.1.2). Default: 200, at most 32,768. Above it, the stream is
    /// refused, and the client can try again. App only, feature `http2`.
    max_http2_streams(u32): u32 = 200, in 1..=32 * 1024, of "streams", app only, feature "http2";
    /// The most bytes that a client may send on one stream of HTTP/2 while its WebSocket is not read
    /// (`SETTINGS_INITIAL_WINDOW_SIZE`, RFC 9113 section 6.9.2). Default: 64 KiB, 1 KiB to 16 MiB. App only, feature `http2`.
    max_http2_stream_window(u32): u32 = 64 * 1024, in 1024..=16 * 1024 * 1024, of "bytes", app only, feature "http2";
    /// The most bytes that a client may send on all streams of one HTTP/2 connection while they are not read (RFC 9113
    /// section 6.9). At least as much as all streams take together (`max_http2_streams` times `max_http2_stream_window`): with
    /// less, WebSockets that are not read would stop the others. Default: 12 times as much, since it also bounds the number
    /// of unread frames. A frame counts as what it has fewer than 256 bytes, and above half of this limit, the connection
    /// ends. At least 64 KiB, and less than 2 GiB. App only, feature `http2`.
    max_http2_connection_window(u32): u32 = 0, in MIN_WINDOW..=MAX_WINDOW, of "bytes", app only, feature "http2";
    /// How long an HTTP/2 connection of `App::serve` may have no request and no WebSocket before the server ends it with
    /// GOAWAY. Default: 60 s. App only, feature `http2`.
    http2_idle_timeout(Duration): Duration = Duration::from_mins(1), in TIMES, app only, feature "http2";
    /// The most messages, sends and closes that wait to be published to other nodes. Default: 8,192, at most 1,048,576. Above
    /// it they are dropped: [`BackplaneDelivery::Unavailable`](crate::BackplaneDelivery::Unavailable). App only. It needs the
    /// cargo feature `backplane`.
    max_backplane_messages(usize): usize = 8 * KIB, in 1..=MIB, of "messages", app only, feature "backplane";
    /// The most bytes that wait to be published to other nodes. Default: 16 MiB, at most 1 GiB. Above it, as above
    /// `max_backplane_messages`. App only. It needs the cargo feature `backplane`.
    max_backplane_bytes(usize): usize = 16 * MIB, in KIB..=GIB, of "bytes", app only, feature "backplane";
    /// The longest value with which [`WebSocketConnector::track`](crate::WebSocketConnector::track) shows a person in a room,
    /// in bytes of JSON. Default: 1 KiB, at most 64 KiB. It needs the cargo feature `backplane`.
    max_presence_value(usize): usize = KIB, in 1..=64 * KIB, of "bytes", feature "backplane";
}

/// Returns the default of `max_tls_handshakes_per_ip`. A part of the clients behind one address can come at once, and silent
/// clients of one address leave most of the places to others.
#[cfg(feature = "tls")]
const fn share_of_handshakes(all: usize) -> usize {
    all.div_ceil(8)
}

impl Limits {
    /// Resolves an app's limits, which were set at `place`.
    pub(crate) fn resolve(&self, place: Place, problems: &mut Problems) -> Bounds {
        self.over_checked(&Bounds::default(), place, problems)
    }

    /// Resolves a sub-router's limits inside of `outer`: it may narrow those, but not widen them.
    pub(crate) fn narrow(&self, outer: &Bounds, place: Place, problems: &mut Problems) -> Bounds {
        let narrower = self.clone().without_wider(outer, place, problems);
        narrower.over_checked(outer, place, problems)
    }

    /// Returns `true` if connections are counted separately for these limits.
    pub(crate) const fn counts_connections(&self) -> bool {
        self.max_connections.is_some()
            || self.max_connections_per_ip.is_some()
            || self.max_handshakes.is_some()
            || self.max_upgrades_per_second.is_some()
    }

    /// Returns `true` if the connections of an identity are counted separately for these limits.
    pub(crate) const fn counts_identities(&self) -> bool {
        self.max_connections_per_identity.is_some() || self.identity_overflow.is_some()
    }

    /// Returns `true` if these limits bound the connections of an identity.
    pub(crate) fn limits_identities(&self) -> bool {
        self.max_connections_per_identity.flatten().is_some()
    }

    /// Fills unset limits from `outer`, and checks the result for itself.
    fn over_checked(&self, outer: &Bounds, place: Place, problems: &mut Problems) -> Bounds {
        let possible = self.clone().without_impossible(place, problems);
        possible.check_contradictions(&possible.over(outer), place, problems);
        let mut bounds = self.over(outer);
        bounds.max_frame_size = bounds.max_frame_size.min(bounds.max_message_size);
        bounds.unready_grace = bounds.unready_grace.min(bounds.shutdown_grace);
        #[cfg(feature = "tls")]
        if let (Some(all), None) = (self.max_tls_handshakes, self.max_tls_handshakes_per_ip) {
            bounds.max_tls_handshakes_per_ip = Some(share_of_handshakes(all));
        }
        #[cfg(feature = "http2")]
        self.fit_window(&mut bounds);
        bounds
    }

    /// Sets the window of an HTTP/2 connection to those of all its streams, unless it is set.
    #[cfg(feature = "http2")]
    fn fit_window(&self, bounds: &mut Bounds) {
        let all = bounds.all_stream_windows();
        let with_small_frames = all.saturating_mul(WINDOWS_OF_SMALL_FRAMES).min(u64::from(MAX_WINDOW));
        let window = self.max_http2_connection_window.map_or(with_small_frames, u64::from);
        bounds.max_http2_connection_window = u32::try_from(window.max(all)).unwrap_or(MAX_WINDOW).max(MIN_WINDOW);
    }
}

#[cfg(feature = "http2")]
impl Bounds {
    /// Returns the number of bytes in the windows of all streams of an HTTP/2 connection.
    fn all_stream_windows(&self) -> u64 {
        u64::from(self.max_http2_streams) * u64::from(self.max_http2_stream_window)
    }
}
