//! Why a connection ends, and the close codes.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use crate::util::{log, printable::printable, repeated::Repeated};

/// Close codes of RFC 6455 section 7.4.1, and those of its registry at IANA that concern a server.
///
/// ```
/// use robyn_ws::{close_code, prelude::*};
///
/// #[websocket("/short", on = "message")]
/// fn say(ws: WebSocketConnector, msg: String) {
///     if msg.len() > 100 {
///         ws.close_with(close_code::POLICY, "at most 100 bytes");
///     }
/// }
/// ```
pub mod close_code {
    /// The connection has served its purpose.
    pub const NORMAL: u16 = 1000;
    /// The server goes down, or the client has left the page.
    pub const AWAY: u16 = 1001;
    /// The peer violated the protocol.
    pub const PROTOCOL: u16 = 1002;
    /// The kind of message is not accepted, such as binary instead of text.
    pub const UNSUPPORTED: u16 = 1003;
    /// The Close frame had no code. Never sent.
    pub const NO_STATUS: u16 = 1005;
    /// There was no Close frame. Never sent.
    pub const ABNORMAL: u16 = 1006;
    /// The payload is invalid, such as bad UTF-8 or bad JSON.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// The peer violated a rule that no other code stands for.
    pub const POLICY: u16 = 1008;
    /// The message exceeds the limit.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server restarts, and clients may come back at once.
    pub const RESTART: u16 = 1012;
    /// The server is overloaded at the moment.
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// The default of [`Limits::expired_code`](crate::Limits::expired_code): 401, as an application's close code.
pub(crate) const EXPIRED: u16 = 4401;

/// The default of [`Limits::replaced_code`](crate::Limits::replaced_code): 409, as an application's close code.
pub(crate) const REPLACED: u16 = 4409;

/// Why a connection ended. A close handler takes it by value or by reference.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat", on = "close")]
/// fn gone(reason: CloseReason) {
///     match reason {
///         CloseReason::Client { code, reason } => println!("the client left: {code} {reason}"),
///         CloseReason::Shutdown => println!("the server shuts down"),
///         other => println!("lost: {other}"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client sent a Close frame.
    Client {
        /// The client's close code, or [`close_code::NO_STATUS`] if the frame had none.
        code: u16,
        /// The client's reason, often empty.
        reason: String,
    },
    /// The server closed the connection: with `close()` or `close_with()`, or because a session handler returned.
    Server {
        /// The close code that was sent.
        code: u16,
        /// The reason that was sent.
        reason: String,
    },
    /// TCP ended without a Close frame.
    Abnormal,
    /// The client sent no bytes in time, not even a pong. See
    /// [`Limits::heartbeat_interval`](crate::Limits::heartbeat_interval).
    HeartbeatTimeout,
    /// The client sent no message, and no part of one, for [`Limits::idle_timeout`](crate::Limits::idle_timeout).
    IdleTimeout,
    /// The client read too slowly, and its queue was full under [`Overflow::Disconnect`](crate::Overflow::Disconnect).
    SlowConsumer,
    /// The queue was full while the `connect` handler ran. The server was too slow, not the client.
    ConnectTooSlow,
    /// A message exceeded [`Limits::max_message_size`](crate::Limits::max_message_size),
    /// [`Limits::max_frame_size`](crate::Limits::max_frame_size) or
    /// [`Limits::max_fragments`](crate::Limits::max_fragments).
    MessageTooBig,
    /// A message did not fit its handler: bad UTF-8, bad JSON, or the wrong kind of message.
    InvalidPayload,
    /// The client violated RFC 6455.
    ProtocolError,
    /// A handler panicked.
    HandlerPanic,
    /// A handler returned an error.
    HandlerError,
    /// A message handler exceeded [`Limits::handler_timeout`](crate::Limits::handler_timeout).
    HandlerTimeout,
    /// The client exceeded [`Limits::max_messages_per_second`](crate::Limits::max_messages_per_second). Frames of all
    /// kinds count.
    RateLimited,
    /// The time that [`expires_in`](crate::WebSocketConnector::expires_in) or
    /// [`expires_at`](crate::WebSocketConnector::expires_at) gave is over. [`Limits::expired_code`](crate::Limits::expired_code)
    /// can set another close code than 4401.
    Expired,
    /// The connection did not get the identity that its handler asked for: the identity exceeds
    /// [`Limits::max_identity_size`](crate::Limits::max_identity_size), or has
    /// [`Limits::max_connections_per_identity`](crate::Limits::max_connections_per_identity) connections already.
    IdentityRefused,
    /// A newer connection of the same identity took its place, under
    /// [`IdentityOverflow::CloseOldest`](crate::IdentityOverflow::CloseOldest).
    /// [`Limits::replaced_code`](crate::Limits::replaced_code) can set another close code than 4409.
    Replaced,
    /// The server shuts down. [`App::drain_code`](crate::App::drain_code) can set another close code than 1001.
    Shutdown,
}

impl CloseReason {
    /// Returns the close code for this reason, or [`close_code::ABNORMAL`] if no Close frame was sent.
    ///
    /// For `HandlerError`, `InvalidPayload`, `Expired`, `Replaced` and `Shutdown`, the Close frame may have had another code.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// assert_eq!(CloseReason::MessageTooBig.code(), 1009);
    /// assert_eq!(CloseReason::Abnormal.code(), 1006);
    /// ```
    pub const fn code(&self) -> u16 {
        match self {
            Self::Client { code, .. } | Self::Server { code, .. } => *code,
            Self::Abnormal | Self::HeartbeatTimeout => close_code::ABNORMAL,
            Self::IdleTimeout | Self::Shutdown => close_code::AWAY,
            Self::SlowConsumer | Self::RateLimited | Self::IdentityRefused => close_code::POLICY,
            Self::Expired => EXPIRED,
            Self::Replaced => REPLACED,
            Self::ConnectTooSlow => close_code::TRY_AGAIN_LATER,
            Self::MessageTooBig => close_code::TOO_BIG,
            Self::InvalidPayload => close_code::INVALID_PAYLOAD,
            Self::ProtocolError => close_code::PROTOCOL,
            Self::HandlerPanic | Self::HandlerError | Self::HandlerTimeout => close_code::INTERNAL_ERROR,
        }
    }

    /// Returns the name for logs and metrics.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Client { .. } => "client",
            Self::Server { .. } => "server",
            Self::Abnormal => "abnormal",
            Self::HeartbeatTimeout => "heartbeat_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::SlowConsumer => "slow_consumer",
            Self::ConnectTooSlow => "connect_too_slow",
            Self::MessageTooBig => "message_too_big",
            Self::InvalidPayload => "invalid_payload",
            Self::ProtocolError => "protocol_error",
            Self::HandlerPanic => "handler_panic",
            Self::HandlerError => "handler_error",
            Self::HandlerTimeout => "handler_timeout",
            Self::RateLimited => "rate_limited",
            Self::Expired => "expired",
            Self::IdentityRefused => "identity_refused",
            Self::Replaced => "replaced",
            Self::Shutdown => "shutdown",
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Client { .. } => "closed by the client",
            Self::Server { .. } => "closed by the server",
            Self::Abnormal => "the connection was lost without a Close frame",
            Self::HeartbeatTimeout => "heartbeat timeout",
            Self::IdleTimeout => "idle timeout",
            Self::SlowConsumer => "the client read too slowly",
            Self::ConnectTooSlow => "the `connect` handler was too slow, and the queue was full",
            Self::MessageTooBig => "message too big",
            Self::InvalidPayload => "invalid payload",
            Self::ProtocolError => "protocol error",
            Self::HandlerPanic => "a handler panicked",
            Self::HandlerError => "a handler failed",
            Self::HandlerTimeout => "a handler ran too long",
            Self::RateLimited => "too many messages per second",
            Self::Expired => "the session has expired",
            Self::IdentityRefused => "the identity was refused",
            Self::Replaced => "a newer connection of the same identity took its place",
            Self::Shutdown => "the server shuts down",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Client { code, reason } | Self::Server { code, reason } if reason.is_empty() => {
                write!(f, " ({code})")
            }
            Self::Client { code, reason } | Self::Server { code, reason } => {
                write!(f, " ({code}: {})", printable(reason))
            }
            _ => Ok(()),
        }
    }
}

/// The payload of a Close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloseFrame {
    code: u16,
    reason: String,
}

/// Close reasons that are truncated. Handlers may take them from clients.
static LONG_REASONS: LazyLock<Arc<Repeated>> = LazyLock::new(Arc::default);

impl CloseFrame {
    /// Maximum length of a reason in bytes: a control frame has 125 bytes, and the code takes two (RFC 6455 section
    /// 5.5).
    pub(crate) const MAX_REASON: usize = 123;

    /// Creates a payload that may be sent. Replaces an invalid code with 1011 and truncates a long reason. Both are
    /// mistakes of the program, so they are logged.
    pub(crate) fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let sendable = may_be_sent(code);
        if !sendable {
            log::error!(
                code,
                "this close code must not be sent, so 1011 is sent instead: use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
            );
        }
        if reason.len() > Self::MAX_REASON {
            let is_first = LONG_REASONS.is_first(|more| {
                log::warn!(more, "more close reasons are longer than 123 bytes and are truncated");
            });
            log::warn_first!(
                is_first,
                bytes = reason.len(),
                "the close reason is longer than 123 bytes and is truncated"
            );
            reason.truncate(reason.floor_char_boundary(Self::MAX_REASON));
        }
        Self {
            code: if sendable { code } else { close_code::INTERNAL_ERROR },
            reason,
        }
    }

    pub(crate) const fn code(&self) -> u16 {
        self.code
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

/// Returns `true` if an endpoint may send the code (RFC 6455 section 7.4). 1004, 1005, 1006 and 1015 are reserved, and
/// codes outside of these ranges are not assigned.
pub(crate) const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Why a connection ends, with the Close frame for the peer, if the peer can receive one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) reason: CloseReason,
    pub(crate) frame: Option<CloseFrame>,
}

impl Ending {
    /// Creates the ending for the peer's Close frame. Echoes its code, or 1000 if it has none (RFC 6455 section 5.5.1).
    pub(crate) fn client(code: u16, reason: String) -> Self {
        let echo = if may_be_sent(code) { code } else { close_code::NORMAL };
        Self {
            reason: CloseReason::Client { code, reason },
            frame: Some(CloseFrame::new(echo, "")),
        }
    }

    pub(crate) fn server(code: u16, reason: impl Into<String>) -> Self {
        let frame = CloseFrame::new(code, reason);
        Self {
            reason: CloseReason::Server {
                code: frame.code,
                reason: frame.reason.clone(),
            },
            frame: Some(frame),
        }
    }

    /// Creates an ending by the server. The code follows from the reason, and `why` is sent to the peer.
    pub(crate) fn because(reason: CloseReason, why: impl Into<String>) -> Self {
        let frame = CloseFrame::new(reason.code(), why);
        Self {
            reason,
            frame: Some(frame),
        }
    }

    pub(crate) const fn with_frame(reason: CloseReason, frame: CloseFrame) -> Self {
        Self {
            reason,
            frame: Some(frame),
        }
    }

    /// Returns the close code that the client has sent, or that it is sent.
    pub(crate) fn code(&self) -> Option<u16> {
        match self.reason {
            CloseReason::Client { code, .. } => Some(code),
            _ => self.frame.as_ref().map(CloseFrame::code),
        }
    }

    /// Creates an ending without a Close frame.
    pub(crate) const fn silent(reason: CloseReason) -> Self {
        Self { reason, frame: None }
    }

    pub(crate) const fn lost() -> Self {
        Self::silent(CloseReason::Abnormal)
    }

    pub(crate) fn expired(code: u16) -> Self {
        Self::with_frame(CloseReason::Expired, CloseFrame::new(code, "the session has expired"))
    }

    pub(crate) fn replaced(code: u16) -> Self {
        Self::with_frame(
            CloseReason::Replaced,
            CloseFrame::new(code, "a newer connection took its place"),
        )
    }

    pub(crate) fn slow_consumer() -> Self {
        Self::because(
            CloseReason::SlowConsumer,
            "too slow: exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes",
        )
    }

    /// Creates the ending of a drain that has no close code of its own.
    pub(crate) fn shutdown() -> Self {
        Self::drained(close_code::AWAY)
    }

    pub(crate) fn drained(code: u16) -> Self {
        Self::with_frame(CloseReason::Shutdown, CloseFrame::new(code, "the server shuts down"))
    }
}
