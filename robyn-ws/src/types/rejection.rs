//! Why an argument could not be extracted.

use std::fmt;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    types::close::{CloseFrame, close_code},
    util::log,
};

/// Why an argument could not be extracted from an event. Unless the handler takes `Result<_, Rejection>` or `Option<_>`, the
/// connection is closed with [`code`](Self::code) and [`reason`](Self::reason). With 1011, the reason is logged and not sent.
///
/// A `call` handler answers instead, and the connection goes on: with -32602 and the reason where the code is 1003 or 1007, and
/// with -32603 where it is 1011. Another code closes the connection.
///
/// The reason may quote the client: `{}` prints it, and `{:?}` does not.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/add", on = "message")]
/// fn add(numbers: Result<Json<Vec<i64>>, Rejection>) -> String {
///     match numbers {
///         Ok(Json(numbers)) => numbers.iter().sum::<i64>().to_string(),
///         Err(rejection) => rejection.reason().to_owned(),
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Rejection {
    code: u16,
    reason: String,
}

impl Rejection {
    /// Creates a rejection that closes the connection with `code` and with `reason`, cut to the size of a Close frame. With
    /// 1011, the reason is logged and not sent.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// Creates a rejection of an invalid payload: close code 1007.
    pub fn invalid_payload(reason: impl Into<String>) -> Self {
        Self::new(close_code::INVALID_PAYLOAD, reason)
    }

    /// Creates a rejection of invalid JSON: close code 1007.
    pub(crate) fn invalid_json(error: impl fmt::Display) -> Self {
        Self::invalid_payload(format!("invalid JSON: {error}"))
    }

    /// Creates a rejection of a kind of message that is not supported: close code 1003.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(close_code::UNSUPPORTED, reason)
    }

    /// Creates a rejection of a binary message where text is expected: close code 1003.
    pub(crate) fn not_text() -> Self {
        Self::unsupported("text expected, but the message is binary and not valid UTF-8")
    }

    /// Creates a rejection because of the server itself: close code 1011. The reason is logged and not sent.
    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        Self::new(close_code::INTERNAL_ERROR, reason)
    }

    /// Returns the close code.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Returns what is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns `true` if the server failed: the reason is then logged and not sent.
    pub(crate) const fn is_failure(&self) -> bool {
        self.code == close_code::INTERNAL_ERROR
    }

    /// Creates the HTTP answer before the 101: 500 without a reason if the server failed, otherwise 400.
    pub(crate) fn http_answer(&self) -> Response {
        if self.is_failure() {
            log::error!("{self}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        (StatusCode::BAD_REQUEST, self.reason.clone()).into_response()
    }

    /// Creates the Close frame. A long reason is cut without a warning, since it quotes the peer.
    pub(crate) fn close_frame(&self) -> CloseFrame {
        if self.is_failure() {
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
