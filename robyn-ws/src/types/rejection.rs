//! Why an argument could not be made.

use std::fmt;

use crate::{
    types::close::{CloseFrame, close_code},
    util::log,
};

/// Why an argument could not be made of an event. Unless the handler takes `Result<_, Rejection>` or `Option<_>`, the
/// connection is closed with [`code`](Self::code) and [`reason`](Self::reason).
///
/// The reason may quote what the client sent: `{}` prints it, and `{:?}` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejection {
    code: u16,
    reason: String,
}

impl Rejection {
    /// Makes a rejection that closes the connection with `code` and as much of `reason` as a Close frame holds.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// The payload is not what it should be: close code 1007.
    pub fn invalid_payload(reason: impl Into<String>) -> Self {
        Self::new(close_code::INVALID_PAYLOAD, reason)
    }

    /// The payload is not the JSON that it should be: close code 1007.
    pub(crate) fn invalid_json(error: impl fmt::Display) -> Self {
        Self::invalid_payload(format!("invalid JSON: {error}"))
    }

    /// This kind of message is not taken here: close code 1003.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(close_code::UNSUPPORTED, reason)
    }

    /// The server cannot make the argument: close code 1011. The reason is logged and not sent.
    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        Self::new(close_code::INTERNAL_ERROR, reason)
    }

    /// Gives the close code.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Gives what is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Makes the Close frame. A long reason is cut here without a warning: it quotes what the peer sent.
    pub(crate) fn close_frame(&self) -> CloseFrame {
        if self.code == close_code::INTERNAL_ERROR {
            log::error!(reason = self.reason, "an argument of a handler cannot be made");
            return CloseFrame::new(self.code, "");
        }
        let end = self.reason.floor_char_boundary(CloseFrame::MAX_REASON);
        CloseFrame::new(self.code, &self.reason[..end])
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Rejection {}
