//! The end of a session's connection, as its handler sees it.

use crate::{
    types::close::{CloseReason, Ending},
    util::printable::printable,
};

/// The end of a session's connection, with the real code and reason.
///
/// It is an error so that `?` leaves the loop; a session handler that returns it ends in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disconnected with code {code}{}{}", if reason.is_empty() { "" } else { ": " }, printable(reason))]
pub struct Disconnected {
    /// The close code; 1005 where the client gave none, 1006 where no Close frame was seen.
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
}

impl Disconnected {
    /// Gives the close code.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Gives the reason, often empty.
    pub fn reason(&self) -> &str {
        &self.reason
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
