//! Every bound in one place, each with its default, unit and reason.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What happens to a message for a connection whose outbound queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection is ended with close code 1008, as [`CloseReason::SlowConsumer`](crate::CloseReason::SlowConsumer).
    #[default]
    Disconnect,
    /// The new message is dropped and counted.
    DropNewest,
    /// The oldest queued messages are dropped and counted, until the new one fits.
    DropOldest,
}

impl Overflow {
    /// Gives the name for logs and metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::DropNewest => "drop_newest",
            Self::DropOldest => "drop_oldest",
        }
    }
}

/// Declares [`Limits`], whose fields may be unset, and [`Bounds`], whose fields are not, from one table.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident($argument:ty): $type:ty = $default:expr;)+) => {
        /// The bounds of an app, or narrower ones of a sub-router. What is not set has its default on the app, and the
        /// app's value on a sub-router. `build()` checks them and reports those that contradict each other.
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
            $($name: Option<$type>,)+
        }

        impl Limits {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, value: $argument) -> Self {
                    self.$name = Some(value.into());
                    self
                }
            )+

            /// Fills what is unset from `outer`.
            fn over(&self, outer: &Bounds) -> Bounds {
                Bounds { $($name: self.$name.clone().unwrap_or_else(|| outer.$name.clone()),)+ }
            }
        }

        /// The limits in force for an endpoint.
        #[derive(Clone, Debug)]
        pub(crate) struct Bounds {
            $(pub(crate) $name: $type,)+
        }

        impl Default for Bounds {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }
    };
}

limits! {
    /// The longest message taken, in bytes of payload. Default: 1 MiB. Above it: close code 1009.
    max_message_size(usize): usize = MIB;
    /// The longest frame taken, in bytes of payload, decided from its header. Default: as `max_message_size`. Above it:
    /// close code 1009.
    max_frame_size(usize): usize = usize::MAX;
    /// The most fragments of one message. Default: 1,048,576, so that a message of the largest size can come byte by byte.
    /// Above it: close code 1009.
    max_fragments(usize): usize = MIB;
    /// The size of an allocation that received messages share, in bytes. Default: 4 KiB. Each thread has one, and each
    /// connection that is in the middle of a message: small values save memory there, large ones time on long messages.
    read_buffer(usize): usize = 4 * KIB;
    /// The most messages queued for a client that has not taken them yet. Default: 256. Above it: [`Overflow`].
    outbound_messages(usize): usize = 256;
    /// The most bytes queued for a client that has not taken them yet, with the 2 to 10 bytes of each frame's header.
    /// Default: 1 MiB. Above it: [`Overflow`]. One message always fits into an empty queue, however long it is.
    outbound_bytes(usize): usize = MIB;
    /// What happens above `outbound_messages` or `outbound_bytes`. Default: [`Overflow::Disconnect`].
    overflow(Overflow): Overflow = Overflow::default();
    /// How long an `async_` send waits for room in a full queue of a client that takes no bytes, before the overflow
    /// policy decides, and how long a client may leave our replies untaken. A client that takes bytes, however slowly, is
    /// not timed out by it. Default: 10 s.
    send_timeout(Duration): Duration = Duration::from_secs(10);
    /// How long an `async_broadcast` waits for clients whose queues are full, before the overflow policy decides.
    /// Default: 250 ms.
    broadcast_timeout(Duration): Duration = Duration::from_millis(250);
    /// How many messages are read ahead of the handler that is running. Default: 16. At the bound the socket is not
    /// read, so that TCP slows the client down.
    read_ahead(usize): usize = 16;
    /// How often a quiet client is pinged. Default: 25 s, below the usual 30 s of proxies. `None` turns it off.
    heartbeat(impl Into<Option<Duration>>): Option<Duration> = Some(Duration::from_secs(25));
    /// After how many heartbeats of silence a client is taken for lost, at least 2: it is pinged after the first, and
    /// must have answered by the last. Default: 2.
    missed_heartbeats(u32): u32 = 2;
    /// After how long without a message, or a part of one, a client is closed with 1001. Pongs do not count, nor does
    /// the time in which our handlers work. Default: off.
    idle_timeout(impl Into<Option<Duration>>): Option<Duration> = None;
    /// How long we wait for the peer's Close after ours. Default: 5 s.
    close_timeout(Duration): Duration = Duration::from_secs(5);
    /// How long a running handler may go on after its connection ended, before it is dropped. Default: 10 s.
    handler_grace(Duration): Duration = Duration::from_secs(10);
    /// How long `App::serve` drains on SIGINT and SIGTERM, before it cuts what is left. Default: 10 s. App only.
    shutdown_grace(Duration): Duration = Duration::from_secs(10);
    /// The most connections at once: of the app, or of the sub-router that narrows it. Default: off. Above it: 503.
    max_connections(impl Into<Option<usize>>): Option<usize> = None;
    /// The most connections at once from one IP address. Default: off. Above it: 429. A server of your own has to tell
    /// addresses, by `into_make_service_with_connect_info::<SocketAddr>()`: without one nobody is refused, which is
    /// logged.
    max_connections_per_ip(impl Into<Option<usize>>): Option<usize> = None;
    /// The most frames a second from one client, whatever their kind, averaged over a second. A message in one piece is
    /// one frame. Default: off. Above it: close code 1008.
    messages_per_second(impl Into<Option<u32>>): Option<u32> = None;
    /// The most rooms one connection can be in. Default: 1024.
    rooms_per_connection(usize): usize = 1024;
    /// The longest request target (path and query) of an upgrade, in bytes. Default: 8 KiB. Above it: 414.
    request_target(usize): usize = 8 * KIB;
}

impl Limits {
    /// Resolves an app's limits; what is wrong with them is pushed to `problems`.
    pub(crate) fn resolve(&self, problems: &mut Vec<String>) -> Bounds {
        self.over_checked(&Bounds::default(), problems)
    }

    /// Resolves a sub-router's limits within those around it, which it may narrow but not widen.
    pub(crate) fn narrow(&self, outer: &Bounds, problems: &mut Vec<String>) -> Bounds {
        let bounds = self.over_checked(outer, problems);
        if self.shutdown_grace.is_some() {
            problems.push(
                "`Limits::shutdown_grace` is set on a sub-router, which has no drain of its own: set it on the app"
                    .to_owned(),
            );
        }
        for (name, inner, outer) in [
            (
                "max_message_size",
                Some(bounds.max_message_size),
                Some(outer.max_message_size),
            ),
            (
                "max_frame_size",
                Some(bounds.max_frame_size),
                Some(outer.max_frame_size),
            ),
            (
                "outbound_messages",
                Some(bounds.outbound_messages),
                Some(outer.outbound_messages),
            ),
            (
                "outbound_bytes",
                Some(bounds.outbound_bytes),
                Some(outer.outbound_bytes),
            ),
            ("read_ahead", Some(bounds.read_ahead), Some(outer.read_ahead)),
            (
                "rooms_per_connection",
                Some(bounds.rooms_per_connection),
                Some(outer.rooms_per_connection),
            ),
            (
                "request_target",
                Some(bounds.request_target),
                Some(outer.request_target),
            ),
            ("max_connections", bounds.max_connections, outer.max_connections),
            (
                "max_connections_per_ip",
                bounds.max_connections_per_ip,
                outer.max_connections_per_ip,
            ),
            (
                "messages_per_second",
                bounds.messages_per_second.map(|rate| rate as usize),
                outer.messages_per_second.map(|rate| rate as usize),
            ),
        ] {
            if let Some(outer) = outer
                && inner.is_none_or(|inner| inner > outer)
            {
                let inner = inner.map_or_else(|| "off".to_owned(), |inner| inner.to_string());
                problems.push(format!(
                    "`Limits::{name}` is {inner} on the sub-router, but {outer} around it: a sub-router can only narrow it"
                ));
            }
        }
        bounds
    }

    /// Tells whether connections are counted for these limits of their own.
    pub(crate) const fn counts_connections(&self) -> bool {
        self.max_connections.is_some() || self.max_connections_per_ip.is_some()
    }

    /// Gives how long `App::serve` drains.
    pub(crate) fn drain_grace(&self) -> Duration {
        self.shutdown_grace.unwrap_or_else(|| Bounds::default().shutdown_grace)
    }

    /// Fills what is unset, and checks the result for itself.
    fn over_checked(&self, outer: &Bounds, problems: &mut Vec<String>) -> Bounds {
        let mut bounds = self.over(outer);
        if self.max_frame_size.is_some_and(|frame| frame > bounds.max_message_size) {
            problems.push(format!(
                "`Limits::max_frame_size` is {}, more than the {} of `max_message_size`: such a frame could never be taken",
                bounds.max_frame_size, bounds.max_message_size
            ));
        }
        bounds.max_frame_size = bounds.max_frame_size.min(bounds.max_message_size);
        if let (Some(Some(one)), Some(all)) = (self.max_connections_per_ip, bounds.max_connections)
            && one > all
        {
            problems.push(format!(
                "`Limits::max_connections_per_ip` is {one}, more than the {all} of `max_connections`: it could never be reached"
            ));
        }
        let inherited = outer.zeros();
        problems.extend(bounds.zeros().into_iter().filter(|zero| !inherited.contains(zero)));
        bounds
    }
}

impl Bounds {
    /// Says which bounds are so small that nothing could work.
    fn zeros(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, zero) in [
            ("max_message_size", self.max_message_size == 0),
            ("max_frame_size", self.max_frame_size == 0),
            ("read_buffer", self.read_buffer == 0),
            ("outbound_messages", self.outbound_messages == 0),
            ("outbound_bytes", self.outbound_bytes == 0),
            ("read_ahead", self.read_ahead == 0),
            ("heartbeat", self.heartbeat.is_some_and(|every| every.is_zero())),
            ("idle_timeout", self.idle_timeout.is_some_and(|after| after.is_zero())),
            ("messages_per_second", self.messages_per_second == Some(0)),
            ("max_connections", self.max_connections == Some(0)),
            ("max_connections_per_ip", self.max_connections_per_ip == Some(0)),
            ("request_target", self.request_target == 0),
        ] {
            if zero {
                problems.push(format!(
                    "`Limits::{name}` is 0, with which nothing could work: expected at least 1"
                ));
            }
        }
        if self.missed_heartbeats < 2 {
            problems.push(format!(
                "`Limits::missed_heartbeats` is {}, which leaves no time for an answer: expected at least 2",
                self.missed_heartbeats
            ));
        }
        problems
    }
}
