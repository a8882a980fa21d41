//! One connection from the 101 to the end of TCP: connect → drive → close, with one way out.

mod answers;
mod calls;
mod closing;
mod deadlines;
mod driver;
mod handler_context;
mod hub_guard;
mod in_place;
mod invoke;
mod liveness;
mod outcome;
mod overdue;
pub(crate) mod pending;
mod reading;
mod stage;
mod warnings;

use std::{future::poll_fn, sync::Arc};

use tracing::{Instrument, Span};

use crate::{
    connection::{
        driver::Driver,
        handler_context::HandlerContext,
        hub_guard::{HubGuard, RoomsGuard},
        outcome::{Conclusion, Outcome, Overdue},
        pending::PendingConnection,
        warnings::is_first,
    },
    connector::web_socket::WebSocket,
    endpoint::{
        BoundHandler,
        registry::{Call, Entry},
    },
    handler::event::{Message, Session},
    hub::{
        admission::Admitted, drain::ConnectionGuard, live::Live, telemetry::connection_span, warnings::HandlerWarning,
    },
    mailbox::session_inbox::SessionInbox,
    types::{
        close::{CloseReason, Ending, close_code},
        message,
    },
    util::{isolate, log},
    wire::{
        reader::FrameReader,
        transport::{Switched, Transport},
    },
};

/// How the connect handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// It returned, or there is none.
    Greeted,
    /// It ran to its end, but no message is handled after it.
    Failed,
    /// It did not run to its end, so no close handler follows.
    Dropped,
}

/// A running connection. Its parts are dropped in this order: the socket, the membership in the hub, the state, the
/// counters.
#[derive(Debug)]
pub(crate) struct Connection {
    driver: Driver,
    _hub_guard: HubGuard,
    rooms_guard: Option<RoomsGuard>,
    context: HandlerContext,
    /// The blocking handler that has the state.
    overdue: Option<Box<Overdue>>,
    _admitted: Admitted,
    _task: ConnectionGuard,
}

impl Connection {
    #[cfg(feature = "test-util")]
    pub(crate) const DRIVER_SIZE: usize = size_of::<Driver>();

    /// Creates a connection on an upgraded socket, and puts it into the hub. Returns the connection with the span of its log
    /// events, or `None` if the socket has ended already.
    pub(crate) fn open(pending: PendingConnection, switched: Switched) -> Option<(Self, Span)> {
        let PendingConnection {
            mut expected,
            context,
            peer,
            admitted,
            task,
            inflation,
            deflation,
        } = pending;
        let live = expected.live.clone();
        let is_late = switched.is_late;
        let mut transport = Transport::new(switched);
        if is_late && transport.has_ended() {
            return None;
        }
        let Transport { read, writer, unread } = transport;
        let peer = peer.or_else(|| read.peer_addr());
        if let Some(address) = peer.filter(|_| context.endpoint.unread_request.is_none()) {
            live.request.set_peer_addr(address);
        }
        let span = connection_span(live.id, &live.endpoint.path, peer);
        live.mailbox.connect(writer.with_deflation(deflation));
        let hub_guard = HubGuard::new(live.clone());
        expected.has_come = true;
        // It leaves at once if it was closed while it was pending. A drain that began before has not seen it.
        let task = task.into_connection();
        let ending = if task.is_draining() {
            Some(task.ending())
        } else {
            live.mailbox.ending()
        };
        if let Some(ending) = ending {
            live.close(ending);
        }
        let reader = FrameReader::new(read, &unread, inflation);
        let connection = Self {
            driver: Driver::new(reader, live, context.endpoint.clone()),
            _hub_guard: hub_guard,
            rooms_guard: Some(RoomsGuard(context.connector.live.clone())),
            context,
            overdue: None,
            _admitted: admitted,
            _task: task,
        };
        Some((connection, span))
    }

    /// Runs the connection to its end. The connect, close and shutdown futures are boxed, so an idle connection reserves no
    /// space for them.
    pub(crate) async fn run(&mut self) {
        let start = Box::pin(self.connect()).await;
        self.driver.take_signals();
        if start == Start::Greeted && !self.driver.is_over() {
            self.converse().await;
        }
        let mut close_is_due = start != Start::Dropped;
        if close_is_due && self.overdue.is_none() {
            Box::pin(self.close()).await;
            close_is_due = false;
        }
        let reason = self.reason();
        log::debug!(
            reason = reason.label(),
            code = self.driver.ending().and_then(Ending::code),
            "the connection ends"
        );
        self.driver.live.endpoint.telemetry.closed(&reason);
        Box::pin(self.driver.finish()).await;
        if let Some(overdue) = self.overdue.take() {
            // In a task of its own, since neither the hub nor a drain waits for a thread.
            let rooms_guard = self.rooms_guard.take();
            let outliving = overdue.outlive(close_is_due.then_some(reason), rooms_guard);
            tokio::spawn(outliving.in_current_span());
        }
    }

    /// Runs the connect handler, and queues its reply as the first frame.
    async fn connect(&mut self) -> Start {
        let Some(handler) = self.context.endpoint.handlers.connect else {
            self.driver.live.finish_connect(None);
            return Start::Greeted;
        };
        let outcome = self.context.invoke(&mut self.driver, handler, ()).await;
        let without_greeting = match outcome {
            Outcome::Returned(_) => Start::Greeted,
            Outcome::Dropped(_) => Start::Dropped,
            Outcome::Failed(_) | Outcome::Panicked | Outcome::LeftBehind(..) => Start::Failed,
        };
        let greeting = self.conclude(handler.entry, outcome);
        // A `HandlerError::reply` is a greeting as well.
        let start = if greeting.is_some() {
            Start::Greeted
        } else {
            without_greeting
        };
        let live = &self.driver.live;
        if start == Start::Greeted {
            live.finish_connect(greeting.as_ref());
        } else {
            live.mailbox.discard_held();
        }
        if let Some(greeting) = greeting {
            discard(greeting, handler.entry, live);
        }
        self.warn_if_too_slow(handler.entry);
        start
    }

    /// Logs the connect handler if too many frames came from others while it ran.
    fn warn_if_too_slow(&mut self, entry: &'static Entry) {
        self.driver.take_signals();
        if self.reason() == CloseReason::ConnectTooSlow {
            let (handler, place, id) = (entry.name, entry.place(), self.driver.live.id);
            let is_first = is_first(HandlerWarning::TooSlow, entry, &self.driver.live.endpoint);
            log::warn_first!(is_first, handler, %place, %id, "the handler was too slow: while it ran, others sent more than `Limits::max_outbound_messages` or `max_outbound_bytes`");
        }
    }

    /// Runs the message handler for every message, or the session handler, until the connection ends.
    async fn converse(&mut self) {
        self.driver.has_worked();
        if let Some(handler) = self.context.endpoint.handlers.session {
            return Box::pin(self.hold_session(handler)).await;
        }
        if !self.context.endpoint.handlers.calls.is_empty() {
            return Box::pin(self.handle_all_calls()).await;
        }
        let Some(BoundHandler { entry, call }) = self.context.endpoint.handlers.message else {
            // All but answers to calls is discarded, since the client's Close comes behind it.
            while let Some(message) = self.driver.next().await {
                let _ = self.driver.take_answers(message);
            }
            return;
        };
        if let Call::Sync(call) = call
            && !entry.blocking
        {
            return poll_fn(move |cx| self.poll_in_place(cx, entry, call)).await;
        }
        // Boxed, so that connections whose handlers never wait reserve no space for it.
        Box::pin(self.converse_beside(BoundHandler { entry, call })).await;
    }

    /// Runs a message handler that may wait for every message, until the connection ends.
    async fn converse_beside(&mut self, handler: BoundHandler<Message>) {
        while let Some(message) = self.driver.next().await {
            let outcome = self.context.invoke(&mut self.driver, handler, message).await;
            let in_time = !matches!(outcome, Outcome::Dropped(_) | Outcome::LeftBehind(..));
            self.answer(handler.entry, outcome);
            if !in_time {
                return;
            }
        }
    }

    async fn hold_session(&mut self, handler: BoundHandler<Session>) {
        let inbox = Arc::new(SessionInbox::default());
        let socket = WebSocket::new(inbox.clone(), self.context.connector.clone());
        self.driver.give_messages_to(inbox);
        let outcome = self.context.invoke(&mut self.driver, handler, Some(socket)).await;
        self.answer(handler.entry, outcome);
        self.driver.close(Ending::server(close_code::NORMAL, ""));
    }

    /// Runs the close handler. Its reply is sent ahead of our Close frame.
    async fn close(&mut self) {
        let Some(handler) = self.context.endpoint.handlers.close else {
            return;
        };
        self.driver.extend_grace();
        let reason = self.reason();
        let outcome = self.context.invoke(&mut self.driver, handler, reason).await;
        self.answer(handler.entry, outcome);
    }

    /// Returns the reason of the end. Without one, the peer was lost.
    fn reason(&self) -> CloseReason {
        self.driver
            .ending()
            .map_or(CloseReason::Abnormal, |ending| ending.reason.clone())
    }

    fn answer(&mut self, entry: &'static Entry, outcome: Outcome) {
        let reply = match outcome {
            Outcome::Returned(reply) => reply,
            outcome => self.conclude(entry, outcome),
        };
        self.reply(entry, reply);
    }

    /// Queues the reply of a handler.
    #[inline]
    fn reply(&mut self, entry: &'static Entry, reply: Option<message::Message>) {
        self.driver.settle(reply.as_ref());
        if let Some(reply) = reply {
            discard(reply, entry, &self.driver.live);
        }
    }

    /// Draws the conclusion from a handler's outcome: a message to send, the end of the connection, or nothing.
    fn conclude(&mut self, entry: &'static Entry, outcome: Outcome) -> Option<message::Message> {
        let Conclusion { reply, ending, overdue } = outcome.conclude(entry, &self.driver.live);
        if let Some(ending) = ending {
            self.driver.close(ending);
        }
        if overdue.is_some() {
            self.overdue = overdue;
        }
        reply
    }
}

/// Drops a reply, whose bytes can be a type of the user.
fn discard(reply: message::Message, entry: &'static Entry, live: &Live) {
    if isolate::discard(reply).is_err() {
        let (handler, place, id) = (entry.name, entry.place(), live.id);
        log::error!(handler, %place, %id, "the `Drop` of the handler's reply panicked");
    }
}
