//! The poll loop of one connection: reading, the running handler, writing, deadlines.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::Sleep;

use crate::{
    connection::{liveness::Liveness, stage::Stage},
    endpoint::Endpoint,
    hub::live::Live,
    mailbox::{driver_side::MailboxStatus, inbox::Inbox, session_inbox::SessionInbox, writing::Written},
    types::{close::Ending, message::Message},
    util::time::{Moment, after},
    wire::{frame::Frame, reader::FrameReader, received::Incoming, turn::Turn},
};

/// The next step between two handlers.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Incoming),
    /// The connection ends, and no message is left to handle.
    End,
}

/// The state of the peer, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Talks,
    /// It has ended TCP, and the bytes that it sent before are still read.
    Ended,
    /// Nothing more is read: it has sent a Close, has ended its half of TCP, or has broken the protocol.
    Done,
    /// Nothing can be read or written.
    Gone,
}

/// Whether a peer that is out of time is silent indeed. If the process stood still, its bytes may wait in the socket.
#[derive(Debug)]
pub(super) enum Doubt {
    None,
    /// When this timer fires, the runtime has looked at all sockets. An older timer may fire before that.
    Until(Pin<Box<Sleep>>),
    Settled,
}

/// Drives one connection.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(super) reader: FrameReader,
    pub(super) live: Arc<Live>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) liveness: Liveness,
    pub(super) inbox: Inbox,
    pub(super) stage: Stage,
    pub(super) peer: Peer,
    /// The time since which a message waits for room for its reply, while the client takes no bytes.
    pub(super) stalled: Option<Moment>,
    /// The progress of the client when the timer fired last.
    pub(super) progress: u64,
    /// For deadlines that are too soon for an alarm. A quiet connection has no timer.
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    pub(super) doubt: Doubt,
    pub(super) turn: Turn,
    pub(super) status: MailboxStatus,
}

impl Driver {
    pub(crate) fn new(reader: FrameReader, live: Arc<Live>, endpoint: Arc<Endpoint>) -> Self {
        let liveness = Liveness::new(&endpoint.bounds, Moment::now());
        live.alarm.set(liveness.deadline(&endpoint.bounds));
        Self {
            reader,
            live,
            endpoint,
            liveness,
            inbox: Inbox::new(),
            stage: Stage::default(),
            peer: Peer::Talks,
            stalled: None,
            progress: 0,
            timer: None,
            doubt: Doubt::None,
            turn: Turn::new(),
            status: MailboxStatus {
                has_signals: true,
                ..MailboxStatus::default()
            },
        }
    }

    /// Hands all messages to a session from now on.
    pub(crate) fn give_messages_to(&mut self, session: Arc<SessionInbox>) {
        self.inbox.switch_to(session);
        if let Some(ending) = self.stage.ending() {
            self.inbox.end(ending);
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.stage.ending()
    }

    /// Begins the end of the connection by a decision of ours. The first ending stands, even if it was only requested yet.
    pub(crate) fn close(&mut self, ending: Ending) {
        if self.stage.is_open() {
            let standing = self.live.close(ending);
            self.begin_end(standing, false);
        } else {
            self.stage.stop_handling();
        }
    }

    /// Begins the end of the connection, because the peer has ended it or broken a rule. The running handler may still
    /// send.
    pub(super) fn close_by_peer(&mut self, ending: Ending) {
        if self.stage.is_open() {
            if let Some(asked_for) = self.live.peer_closed() {
                return self.close(asked_for);
            }
            self.live.endpoint.leave(self.live.id);
            self.begin_end(ending, true);
        }
    }

    fn begin_end(&mut self, ending: Ending, by_peer: bool) {
        self.inbox.end(&ending);
        self.stage.begin(ending, self.handler_deadline(), by_peer);
    }

    /// Sets the grace of the close handler.
    pub(crate) fn extend_grace(&mut self) {
        self.stage.set_deadline(self.handler_deadline());
    }

    fn handler_deadline(&self) -> Moment {
        after(Moment::now(), self.endpoint.bounds.handler_grace)
    }

    // ---- what the connection awaits -------------------------------------------------------------------------------

    /// Waits for the next message, and copies it. `None` is the end.
    pub(crate) fn next(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|cx| {
            loop {
                let Next::Message(incoming) = ready!(self.poll_next(cx)) else {
                    return Poll::Ready(None);
                };
                if let Some(message) = self.own(incoming) {
                    return Poll::Ready(Some(message));
                }
            }
        })
    }

    /// Waits until the next call of a batch may run, as it would if it were a message of its own. `false` is the end.
    pub(crate) async fn next_call(&mut self) -> bool {
        self.count_call() && poll_fn(|cx| self.poll_next_call(cx)).await
    }

    /// Waits for a handler, while messages are read ahead, frames are written, and deadlines are kept. Returns `None` if the
    /// handler still runs when its grace after the end of the connection is over.
    pub(crate) async fn beside<T>(&mut self, mut handler: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        poll_fn(|cx| self.poll_beside(cx, handler.as_mut())).await
    }

    /// Polls for the next message, which lies in the read buffer, or for the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.status.has_signals {
            self.take_signals();
        }
        loop {
            if let Some(message) = self.next_to_handle() {
                return Poll::Ready(Next::Message(message));
            }
            let is_written = !self.status.has_frames || self.poll_write(cx).is_ready();
            // Also because the socket has broken: a stream of HTTP/2 wakes nobody after that.
            if self.is_over() {
                return Poll::Ready(Next::End);
            }
            // Now there is room for a reply that had none.
            let unstalled = is_written && self.stalled.is_some();
            // Deadlines come last, when no message is left.
            let progress = unstalled || self.poll_more(cx) || self.poll_time(cx, false);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
            self.status.has_room = self.status.has_room || self.live.mailbox.has_room();
        }
    }

    /// Polls until there is room for the reply of another call, and writes the frames of the call before. The calls of a
    /// batch came before the end of the peer.
    fn poll_next_call(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.take_signals();
        loop {
            if !self.stage.is_open() && (!self.stage.is_by_peer() || self.stage.is_out_of_grace()) {
                return Poll::Ready(false);
            }
            if self.status.has_frames {
                let _ = self.poll_write(cx); // What is left of them counts in the room.
                self.status.has_room = self.status.has_room || self.live.mailbox.has_room();
            }
            if !self.turn.is_spent() && self.has_room(true) {
                return Poll::Ready(true);
            }
            let progress = self.poll_read_ahead(cx) || self.poll_time(cx, false);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
        }
    }

    fn poll_beside<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut handler: Pin<&mut impl Future<Output = T>>,
    ) -> Poll<Option<T>> {
        if self.status.has_signals {
            self.take_signals();
        }
        loop {
            if let Poll::Ready(result) = handler.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            if self.stage.is_out_of_grace() {
                return Poll::Ready(None);
            }
            let _ = self.poll_write(cx); // The handler goes on even if the socket is blocked.
            let progress = self.poll_read_ahead(cx) | self.poll_time(cx, true);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
        }
    }

    // ---- decisions ------------------------------------------------------------------------------------------------

    /// Returns `true` if no further message is handled. The messages that came before the peer's own end are.
    pub(crate) fn is_over(&self) -> bool {
        let all_handled = || !self.stage.is_by_peer() || (self.inbox.is_empty() && self.peer != Peer::Ended);
        !self.stage.is_open() && (all_handled() || self.stage.is_out_of_grace())
    }

    /// Returns the next message that was read, if there is room for its reply.
    #[inline]
    fn next_to_handle(&mut self) -> Option<Incoming> {
        if self.is_over() {
            return None;
        }
        if !self.has_room(!self.inbox.is_empty()) {
            return None;
        }
        if self.inbox.is_empty() {
            self.receive()
        } else {
            self.inbox.pop().map(Incoming::Owned)
        }
    }

    /// Returns `true` if a handler may run, because there is room for its reply. Otherwise a message may wait for it.
    #[inline]
    fn has_room(&mut self, waits: bool) -> bool {
        // After the peer's end, only the read-ahead is left, which is bounded as well.
        let has_room = self.status.has_room || !self.stage.is_open();
        if has_room {
            self.stalled = None;
        } else if waits {
            self.stalled.get_or_insert_with(Moment::now);
        }
        has_room
    }

    // ---- steps ----------------------------------------------------------------------------------------------------

    /// Takes the signals of other tasks: close or abort.
    pub(crate) fn take_signals(&mut self) {
        let signals = self.live.mailbox.take_signals();
        self.status = signals.status;
        self.reader.resume();
        if let Some(ending) = signals.ending {
            self.close(ending);
        }
        if signals.aborted {
            self.stage.abort();
        }
    }

    /// Queues the reply of a handler, if there is one.
    pub(crate) fn settle(&mut self, reply: Option<&Message>) {
        let status = self.live.answer(reply);
        self.has_answered(status);
    }

    /// Notes the status of the mailbox after the reply of a handler.
    pub(crate) fn has_answered(&mut self, status: MailboxStatus) {
        self.status = status;
        self.has_worked();
    }

    /// Restarts the idle timeout: while our side works, the client may be silent.
    pub(crate) fn has_worked(&mut self) {
        if self.endpoint.bounds.idle_timeout.is_some() {
            self.liveness.worked_until(Moment::now());
        }
    }

    /// Reads, or reads ahead if there is no room for a reply.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> bool {
        if self.status.has_room {
            self.poll_fill(cx)
        } else {
            self.poll_read_ahead(cx)
        }
    }

    /// Writes queued frames. Pending means that frames are left, because the socket is blocked or broken.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.live.write_with(Some(cx), &mut self.turn.write) {
            Written::All => {
                self.status.has_frames = false;
                Poll::Ready(())
            }
            Written::Some | Written::Blocked | Written::Elsewhere => Poll::Pending,
            Written::Broken => {
                self.peer = Peer::Gone;
                self.close_by_peer(Ending::lost());
                Poll::Pending
            }
        }
    }

    /// Queues a control frame.
    pub(super) fn control(&mut self, frame: Frame) {
        self.live.mailbox.control(frame);
        self.status.has_frames = true;
    }

    /// Ends this poll, because the turn is over or the task sleeps. Returns `false` if there is new work.
    pub(super) fn ends_poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.turn.is_spent() {
            self.turn.pass(cx);
        } else if self.park(cx) {
            self.turn = Turn::new();
        } else {
            return false;
        }
        self.reader.release_buffer();
        self.status.has_signals = true;
        true
    }

    /// Registers for frames and signals before the task sleeps. Returns `false` if there are any already.
    pub(super) fn park(&mut self, cx: &Context<'_>) -> bool {
        let asleep = self.live.mailbox.sleep(cx, !self.stage.is_open());
        if !asleep {
            self.take_signals();
        }
        asleep
    }
}
