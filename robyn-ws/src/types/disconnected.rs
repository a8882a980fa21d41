//! The end of a session's connection, as its handler sees it.

use crate::{
    types::close::{CloseReason, Ending},
    util::printable::printable,
};

/// The end of a session's connection, with the real code and reason.
///
/// It is an error so that `?` leaves the loop; a session handler that returns it ends in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("disconnected with code {code}{}{}", if reason.is_empty() { "" } else { ": " }, printable(reason))]
pub struct Disconnected {
    /// The close code; 1005 where the client gave none, 1006 where no Close frame was seen.
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
}

impl Disconnected {
    /// Creates an end, to call a function that handles one in a test.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl From<&Ending> for Disconnected {
    fn from(ending: &Ending) -> Self {
        let reason = match &ending.reason {
            CloseReason::Client { reason, .. } => reason.clone(),
            _ => ending
                .frame
                .as_ref()
                .map(|frame| frame.reason().to_owned())
                .unwrap_or_default(),
        };
        let code = match (&ending.reason, &ending.frame) {
            (CloseReason::Client { code, .. }, _) => *code,
            (_, Some(frame)) => frame.code(),
            (reason, None) => reason.code(),
        };
        Self { code, reason }
    }
}
