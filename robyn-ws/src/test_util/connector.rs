//! A connector for unit tests of handlers, and the messages sent through it.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use axum::http::Request;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    connector::WebSocketConnector,
    hub::{
        live::{Live, RunningHandler},
        members::EndpointMembers,
        sweep::Alarm,
    },
    mailbox::{Mailbox, unanswered::UnansweredCalls},
    test_util::request::built,
    types::{
        close::CloseReason,
        id::ConnectionId,
        limits::Bounds,
        message::Message,
        request::{PathParams, UpgradeRequest},
    },
    wire::frame::messages,
};

/// Creates a connector for a call of a handler as a function, and a receiver of the connector's messages.
///
/// The connector is the only connection of its own endpoint. No client and no socket exist. `target` is the client's
/// request target: a path with an optional query.
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
/// assert_eq!(sent.next_text().as_deref(), Some("somebody says hi"));
/// assert_eq!(sent.next_text(), None);
/// ```
///
/// # Panics
///
/// If `target` is not a valid request target.
#[track_caller]
pub fn connector(target: &str) -> (WebSocketConnector, SentMessages) {
    let path = target.split('?').next().unwrap_or_default();
    connect(path, target, PathParams::default())
}

/// Creates a connector as [`connector`], with the parameters of the endpoint's `path`.
///
/// ```
/// let (ws, _sent) = robyn_ws::test_util::connector_at("/chat/{room}", "/chat/kitchen?name=gordon");
/// assert_eq!(ws.path_params().get("room"), Some("kitchen"));
/// ```
///
/// # Panics
///
/// If `target` cannot be in a request, or does not match `path`, or if `path` is not a path.
#[track_caller]
pub fn connector_at(path: &str, target: &str) -> (WebSocketConnector, SentMessages) {
    let mut paths = matchit::Router::new();
    if let Err(error) = paths.insert(path, ()) {
        panic!("`{path}` is not a path: {error}");
    }
    let Ok(matched) = paths.at(target.split('?').next().unwrap_or_default()) else {
        panic!("`{target}` does not match `{path}`");
    };
    connect(path, target, PathParams::of(matched.params.iter()))
}

#[track_caller]
fn connect(path: &str, target: &str, params: PathParams) -> (WebSocketConnector, SentMessages) {
    let request = Request::builder().uri(target).body(());
    let (parts, ()) = built(request, target, "/chat?room=a").into_parts();
    let request = UpgradeRequest::new(&parts, parts.extensions.clone(), params, None, (None, None));
    let bounds = Arc::new(Bounds::default());
    let endpoint = Arc::new(EndpointMembers::new(path, bounds.clone()));
    let live = Arc::new(Live {
        id: ConnectionId::random(),
        mailbox: Mailbox::new(bounds),
        request: Arc::new(request),
        flusher: endpoint.flusher(runtime()),
        endpoint,
        running: RunningHandler::default(),
        calls: UnansweredCalls::default(),
        alarm: Alarm::default(),
    });
    live.endpoint.enter(live.clone());
    live.finish_connect(None);
    let sent = SentMessages {
        live: live.clone(),
        unread: Vec::new().into_iter(),
    };
    (WebSocketConnector { live }, sent)
}

/// Returns the runtime of the connection, which has the timers of its waits: the current one, or one for all tests without.
fn runtime() -> Handle {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build();
        runtime.expect("a runtime of one thread")
    });

    Handle::try_current().unwrap_or_else(|_outside| RUNTIME.handle().clone())
}

/// The messages sent through a [`connector`]. The iterator returns `None` while no message is queued.
///
/// ```
/// use robyn_ws::{prelude::*, test_util};
///
/// let (ws, sent) = test_util::connector("/chat");
/// assert_eq!(sent.close_reason(), None);
/// ws.close();
/// assert_eq!(sent.close_reason().map(|reason| reason.code()), Some(1000));
/// ```
pub struct SentMessages {
    live: Arc<Live>,
    unread: std::vec::IntoIter<Message>,
}

impl SentMessages {
    /// Returns the next message, which must be text, or `None` while no message is queued.
    ///
    /// ```
    /// let (ws, mut sent) = robyn_ws::test_util::connector("/chat");
    /// ws.sync_send("hi").unwrap();
    /// assert_eq!(sent.next_text().as_deref(), Some("hi"));
    /// assert_eq!(sent.next_text(), None);
    /// ```
    ///
    /// # Panics
    ///
    /// If the message is binary.
    #[track_caller]
    pub fn next_text(&mut self) -> Option<String> {
        match self.next()? {
            Message::Text(text) => Some(text.to_string()),
            Message::Binary(bytes) => panic!("text was expected, but the message is binary: {bytes:?}"),
        }
    }

    /// Hands the result of a call to its caller.
    pub(super) fn settle(&self, id: &str, result: &str) {
        self.live.calls.answer(Some(id), Ok(result));
    }

    /// Returns the reason of the connector's close, if it was closed.
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
