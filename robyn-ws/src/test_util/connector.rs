//! A connector for unit tests of handlers, and what is sent through it.

use std::{fmt, sync::Arc};

use axum::http::Request;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    connector::WebSocketConnector,
    hub::{
        live::{Live, RunningHandler},
        members::EndpointMembers,
        sweep::Alarm,
    },
    mailbox::Mailbox,
    types::{
        close::CloseReason,
        id::ConnectionId,
        limits::Bounds,
        message::Message,
        request::{PathParams, UpgradeRequest},
    },
    wire::frame::messages,
};

/// Creates a connector, to call a handler as a function, and the receiver of what the connector sends. It is the only
/// connection of an endpoint of its own; nothing is read or written. `target` is what the client has asked for: a path and
/// perhaps a query.
///
/// ```
/// use robyn_ws::{prelude::*, test_util};
///
/// #[websocket("/web_socket", on = "message")]
/// fn message(ws: WebSocketConnector, msg: String) -> String {
///     ws.sync_broadcast(format!("somebody says {msg}"));
///     format!("you said {msg}")
/// }
///
/// let (ws, mut sent) = test_util::connector("/web_socket?name=gordon");
/// assert_eq!(message(ws, "hi".to_owned()), "you said hi");
/// assert_eq!(sent.next(), Some("somebody says hi".into()));
/// assert_eq!(sent.next(), None);
/// ```
///
/// # Panics
///
/// If `target` cannot be in a request.
#[track_caller]
pub fn connector(target: &str) -> (WebSocketConnector, SentMessages) {
    let request = Request::builder().uri(target).body(()).map(Request::into_parts);
    let (parts, ()) = match request {
        Ok(request) => request,
        Err(error) => panic!("`{target}` is no request target: {error}; expected a path such as `/chat?room=a`"),
    };
    let request = UpgradeRequest::new(&parts, parts.extensions.clone(), PathParams::default(), None);
    let bounds = Arc::new(Bounds::default());
    let endpoint = Arc::new(EndpointMembers::new(parts.uri.path(), bounds.clone()));
    let (runtime, handle) = runtime();
    let live = Arc::new(Live {
        id: ConnectionId::random(),
        mailbox: Mailbox::new(bounds),
        request: Arc::new(request),
        flusher: endpoint.flusher(handle),
        endpoint,
        running: RunningHandler::default(),
        alarm: Alarm::default(),
    });
    live.endpoint.enter(live.clone());
    live.finish_connect(None);
    let sent = SentMessages {
        live: live.clone(),
        unread: Vec::new().into_iter(),
        _runtime: runtime,
    };
    (WebSocketConnector { live }, sent)
}

/// Returns the runtime that a connection names, and keeps it if it has to be created: in a test without one, nothing runs
/// on it.
fn runtime() -> (Option<Runtime>, Handle) {
    if let Ok(handle) = Handle::try_current() {
        return (None, handle);
    }
    let runtime = Builder::new_current_thread()
        .build()
        .expect("a runtime without input and output");
    let handle = runtime.handle().clone();
    (Some(runtime), handle)
}

/// What was sent through a [`connector`]: an iterator that ends where nothing more is queued yet.
pub struct SentMessages {
    live: Arc<Live>,
    unread: std::vec::IntoIter<Message>,
    _runtime: Option<Runtime>,
}

impl SentMessages {
    /// Returns how the connector was closed, if it was.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.live.mailbox.ending().map(|ending| ending.reason)
    }
}

impl Iterator for SentMessages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        if self.unread.len() == 0 {
            self.live.flusher.catch_up(&self.live);
            self.unread = messages(&self.live.mailbox.take_queued()).into_iter();
        }
        self.unread.next()
    }
}

impl fmt::Debug for SentMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentMessages").finish_non_exhaustive()
    }
}
