//! Why a connection ends: codes, reasons, and the one table between them.

use std::fmt;

use crate::util::log;
use crate::util::printable::printable;

/// The close codes of RFC 6455 section 7.4.1 that this crate uses, and their meaning.
pub mod close_code {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: u16 = 1000;
    /// The server goes down, or the client left the page.
    pub const AWAY: u16 = 1001;
    /// The peer broke the protocol.
    pub const PROTOCOL: u16 = 1002;
    /// A kind of message that is not taken here, such as binary where text is due.
    pub const UNSUPPORTED: u16 = 1003;
    /// Stands for "no code was given". Never on the wire.
    pub const NO_STATUS: u16 = 1005;
    /// Stands for "no Close frame was seen". Never on the wire.
    pub const ABNORMAL: u16 = 1006;
    /// A payload that is not what it should be, such as bad UTF-8 or bad JSON.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// The peer broke a rule that no other code names.
    pub const POLICY: u16 = 1008;
    /// A message over the limit.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server is overloaded for the moment.
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// Tells who ended a connection, and how. A close handler takes it by value or by reference.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat", on = "close")]
/// fn gone(reason: CloseReason) {
///     match reason {
///         CloseReason::Client { code, reason } => println!("the client left: {code} {reason}"),
///         CloseReason::Shutdown => println!("we go down"),
///         other => println!("lost: {other}"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client sent a Close frame.
    Client {
        /// The client's close code; [`close_code::NO_STATUS`] where it gave none.
        code: u16,
        /// The client's reason, often empty.
        reason: String,
    },
    /// This server closed: `close()`, `close_with()`, or a session handler that returned.
    Server {
        /// The close code sent.
        code: u16,
        /// The reason sent.
        reason: String,
    },
    /// TCP ended without a Close frame.
    Abnormal,
    /// No bytes came from the client in time, not even the pong that it was asked for.
    HeartbeatTimeout,
    /// No message, nor a part of one, was received for `Limits::idle_timeout`.
    IdleTimeout,
    /// The client read too slowly for what it was sent.
    SlowConsumer,
    /// Too much was sent to the client while its `connect` handler ran, which is the server's slowness.
    ConnectTooSlow,
    /// The client sent more than `Limits::max_message_size`, `Limits::max_frame_size` or `Limits::max_fragments`.
    MessageTooBig,
    /// The client sent what no handler could take: bad UTF-8, bad JSON, the wrong kind of message.
    InvalidPayload,
    /// The client broke RFC 6455.
    ProtocolError,
    /// A handler panicked.
    HandlerPanic,
    /// A handler returned an error.
    HandlerError,
    /// A message handler ran longer than `Limits::handler_timeout`.
    HandlerTimeout,
    /// The client sent more frames a second, of any kind, than `Limits::max_messages_per_second`.
    RateLimited,
    /// The server drains.
    Shutdown,
}

impl CloseReason {
    /// Gives the code that stands for this reason: the one on the wire, or [`close_code::ABNORMAL`] where there was
    /// nothing to send. `HandlerError` and `InvalidPayload` may have used a more special one.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Client { code, .. } | Self::Server { code, .. } => *code,
            Self::Abnormal | Self::HeartbeatTimeout => close_code::ABNORMAL,
            Self::IdleTimeout | Self::Shutdown => close_code::AWAY,
            Self::SlowConsumer | Self::RateLimited => close_code::POLICY,
            Self::ConnectTooSlow => close_code::TRY_AGAIN_LATER,
            Self::MessageTooBig => close_code::TOO_BIG,
            Self::InvalidPayload => close_code::INVALID_PAYLOAD,
            Self::ProtocolError => close_code::PROTOCOL,
            Self::HandlerPanic | Self::HandlerError | Self::HandlerTimeout => close_code::INTERNAL_ERROR,
        }
    }

    /// Gives the name for logs and metrics.
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
            Self::Shutdown => "shutdown",
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Client { .. } => "closed by the client",
            Self::Server { .. } => "closed by the server",
            Self::Abnormal => "the connection was lost without a Close frame",
            Self::HeartbeatTimeout => "no pong in time",
            Self::IdleTimeout => "idle for too long",
            Self::SlowConsumer => "the client reads too slowly",
            Self::ConnectTooSlow => "the `connect` handler was too slow for what others sent",
            Self::MessageTooBig => "message too big",
            Self::InvalidPayload => "invalid payload",
            Self::ProtocolError => "protocol error",
            Self::HandlerPanic => "a handler panicked",
            Self::HandlerError => "a handler failed",
            Self::HandlerTimeout => "a handler ran too long",
            Self::RateLimited => "too many messages per second",
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

/// The payload of a Close frame that may go on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloseFrame {
    code: u16,
    reason: String,
}

impl CloseFrame {
    /// The longest reason: a control frame has 125 bytes, two of them for the code (RFC 6455 section 5.5).
    pub(crate) const MAX_REASON: usize = 123;

    /// Makes what it is given sendable: a code that must not be sent becomes 1011, a long reason is cut. Both are
    /// mistakes of the program, so both are logged.
    pub(crate) fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let sendable = may_be_sent(code);
        if !sendable {
            log::error!(
                code,
                "a close code that must not be sent; sending 1011 instead: use 1000, 1001, 1003, 1007 to 1014 or 3000 to 4999"
            );
        }
        if reason.len() > Self::MAX_REASON {
            log::warn!(bytes = reason.len(), "a close reason has at most 123 bytes; cutting it");
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

/// RFC 6455 section 7.4: 1004, 1005, 1006 and 1015 are never sent, nor what no registry or application owns.
pub(crate) const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Why a connection ends, together with the Close frame that tells the peer, if it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) reason: CloseReason,
    pub(crate) frame: Option<CloseFrame>,
}

impl Ending {
    /// The peer's Close frame; its code is echoed, 1000 where it gave none (RFC 6455 section 5.5.1).
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

    /// An ending of our own whose code follows from the reason, with `why` for the peer.
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

    /// An ending without a peer that could be told.
    pub(crate) const fn silent(reason: CloseReason) -> Self {
        Self { reason, frame: None }
    }

    pub(crate) const fn lost() -> Self {
        Self::silent(CloseReason::Abnormal)
    }

    pub(crate) fn slow_consumer() -> Self {
        Self::because(
            CloseReason::SlowConsumer,
            "too slow: over Limits::max_outbound_messages or Limits::max_outbound_bytes",
        )
    }

    pub(crate) fn shutdown() -> Self {
        Self::because(CloseReason::Shutdown, "the server shuts down")
    }
}
