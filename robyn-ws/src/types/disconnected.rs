//! The end of a session's connection.

use crate::{
    types::close::{CloseReason, Ending},
    util::printable::printable,
};

/// The end of a session's connection, with the close code and reason.
///
/// It is an error, so that `?` leaves the loop of a session. A handler that returns it ends normally.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/echo")]
/// async fn echo(mut ws: WebSocket) -> Result<(), Disconnected> {
///     loop {
///         let text = ws.receive_text().await?;
///         ws.send_text(text).await?;
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disconnected with code {code}{}{}", if reason.is_empty() { "" } else { ": " }, printable(reason))]
pub struct Disconnected {
    /// The close code. 1005 if the Close frame had none, 1006 if there was no Close frame.
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
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
