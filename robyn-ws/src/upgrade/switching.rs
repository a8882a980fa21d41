//! The 101, or the 200 of HTTP/2, and the wait until it is sent.

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
#[cfg(feature = "http2")]
use hyper::upgrade::Upgraded;
use hyper::{
    body::{Frame, SizeHint},
    upgrade::OnUpgrade,
};
use tokio::{sync::oneshot, time::timeout};

#[cfg(feature = "http2")]
use crate::wire::write_task::WriteTask;
use crate::{upgrade::handshake::Opening, wire::transport::Switched};

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

/// Resolves when the server has sent the answer.
#[derive(Debug)]
pub(crate) struct Switching(oneshot::Receiver<Sent>);

/// What the server hands over when it has sent the answer.
#[derive(Debug)]
enum Sent {
    /// A 101. The socket follows when the HTTP connection is taken apart.
    SwitchingProtocols(OnUpgrade),
    /// A 200 over HTTP/2, with its stream.
    #[cfg(feature = "http2")]
    Ok(hyper::Result<Upgraded>, Option<WriteTask>),
}

impl Switching {
    /// Creates the answer, and the wait until it is sent.
    pub(crate) fn new(
        on_upgrade: OnUpgrade,
        opening: Opening,
        subprotocol: Option<HeaderValue>,
        extensions: Option<HeaderValue>,
    ) -> (Self, Response) {
        let (sender, sent) = oneshot::channel();
        let witness = Witness {
            is_read: Cell::new(false),
            #[cfg(feature = "http2")]
            is_of_stream: matches!(opening, Opening::Ok),
            waiting: Some((on_upgrade, sender)),
        };
        let mut response = Response::new(Body::new(witness));
        match opening {
            Opening::SwitchingProtocols(accept_key) => switch_protocols(&mut response, accept_key),
            #[cfg(feature = "http2")]
            Opening::Ok => {}
        }
        if let Some(subprotocol) = subprotocol {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        if let Some(extensions) = extensions {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_EXTENSIONS, extensions);
        }
        (Self(sent), response)
    }

    /// Waits for the socket. hyper also hands the socket over when the HTTP connection ends after another answer, so the
    /// server must have received this one.
    pub(crate) async fn switched(self) -> Result<Switched, NotSwitched> {
        let switched = async {
            match self.0.await.map_err(|_dropped| NotSwitched::Dropped)? {
                Sent::SwitchingProtocols(mut on_upgrade) => {
                    let at_once = (&mut on_upgrade).now_or_never();
                    let is_late = at_once.is_none();
                    let upgraded = match at_once {
                        Some(upgraded) => upgraded?,
                        None => on_upgrade.await?,
                    };
                    Ok(Switched {
                        upgraded,
                        is_late,
                        #[cfg(feature = "http2")]
                        write_task: None,
                    })
                }
                #[cfg(feature = "http2")]
                Sent::Ok(upgraded, write_task) => Ok(Switched {
                    upgraded: upgraded?,
                    is_late: false,
                    write_task,
                }),
            }
        };
        timeout(UPGRADE_TIMEOUT, switched)
            .await
            .unwrap_or(Err(NotSwitched::Kept))
    }
}

fn switch_protocols(response: &mut Response, accept_key: HeaderValue) {
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept_key);
}

/// The empty body of the answer. Over HTTP/1.1, the server reads it; a layer with another answer drops it unread. Over
/// HTTP/2, the server drops it unread too, but only after it has handed over the stream.
#[derive(Debug)]
struct Witness {
    is_read: Cell<bool>,
    #[cfg(feature = "http2")]
    is_of_stream: bool,
    waiting: Option<(OnUpgrade, oneshot::Sender<Sent>)>,
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
        let Some((on_upgrade, sender)) = self.waiting.take() else {
            return;
        };
        #[cfg(feature = "http2")]
        if self.is_of_stream {
            if let Some(upgraded) = on_upgrade.now_or_never() {
                let _ = sender.send(Sent::Ok(upgraded, WriteTask::take())); // Fails if the wait was dropped.
            }
            return;
        }
        if self.is_read.get() {
            let _ = sender.send(Sent::SwitchingProtocols(on_upgrade)); // Fails if the wait was dropped.
        }
    }
}
