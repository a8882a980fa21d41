//! The 101, and the wait until it is sent.

use std::{
    cell::Cell,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::FutureExt;
use hyper::{
    body::{Frame, SizeHint},
    upgrade::OnUpgrade,
};
use tokio::{sync::oneshot, time::timeout};

use crate::wire::transport::Switched;

/// The time that the 101 may take through the layers around the app. After that, a layer has swallowed it.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why an accepted request did not become a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSwitched {
    #[error("the 101 was dropped: a layer around the app answered something else, or the client was gone")]
    Dropped,
    #[error("a layer around the app kept the 101 for more than {UPGRADE_TIMEOUT:?}")]
    Kept,
    #[error(transparent)]
    Lost(#[from] hyper::Error),
}

/// Resolves when the server has sent the 101.
#[derive(Debug)]
pub(crate) struct Switching {
    on_upgrade: OnUpgrade,
    sent: oneshot::Receiver<()>,
}

impl Switching {
    /// Creates the 101, and the wait until it is sent.
    pub(crate) fn new(
        on_upgrade: OnUpgrade,
        accept_key: HeaderValue,
        subprotocol: Option<HeaderValue>,
    ) -> (Self, Response) {
        let (sender, sent) = oneshot::channel();
        let witness = Witness {
            is_read: Cell::new(false),
            sent: Some(sender),
        };
        let mut response = Response::new(Body::new(witness));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept_key);
        if let Some(subprotocol) = subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        (Self { on_upgrade, sent }, response)
    }

    /// Waits for the socket. hyper also hands the socket over when the HTTP connection ends after another answer, so the
    /// server must have received the 101.
    pub(crate) async fn switched(mut self) -> Result<Switched, NotSwitched> {
        let switched = async {
            self.sent.await.map_err(|_dropped| NotSwitched::Dropped)?;
            let at_once = (&mut self.on_upgrade).now_or_never();
            let is_late = at_once.is_none();
            let upgraded = match at_once {
                Some(upgraded) => upgraded?,
                None => self.on_upgrade.await?,
            };
            Ok(Switched { upgraded, is_late })
        };
        timeout(UPGRADE_TIMEOUT, switched)
            .await
            .unwrap_or(Err(NotSwitched::Kept))
    }
}

/// The empty body of the 101. The server reads it; a layer with another answer drops it unread.
#[derive(Debug)]
struct Witness {
    is_read: Cell<bool>,
    sent: Option<oneshot::Sender<()>>,
}

impl hyper::body::Body for Witness {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.is_read.set(true);
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.is_read.set(true);
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take().filter(|_| self.is_read.get()) {
            let _ = sent.send(()); // Fails if the wait was dropped.
        }
    }
}
