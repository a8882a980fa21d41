//! The poll loop of one connection: reading, the handler that runs, writing, time.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::Sleep;

use crate::{
    connection::liveness::Liveness,
    endpoint::Endpoint,
    hub::live::Live,
    mailbox::{driver_side::MailboxStatus, inbox::Inbox, session_inbox::SessionInbox, writing::Written},
    types::{close::Ending, message::Message},
    util::time::{Moment, after},
    wire::{frame::Frame, reader::FrameReader, received::Incoming, turn::Turn},
};

/// What the connection gets between handlers.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Incoming),
    /// The connection ends, and no message is left to handle.
    End,
}

/// What can still be had from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Talks,
    /// It has ended TCP, and what it sent before is still being read.
    Ended,
    /// Nothing more can be read: it has said Close, has ended its half, or talks nonsense.
    Done,
    /// Nothing can be written either.
    Gone,
}

/// Whether a peer whose time is over is silent in truth, or the process stood still and has not looked at its socket yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    /// The timer that fires then does so when the runtime has looked at all sockets.
    Until(Moment),
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
    pub(super) ending: Option<Box<Ending>>,
    /// Until when handlers may go on after the end has begun.
    pub(super) grace: Option<Moment>,
    /// Whether the drain's patience is over.
    pub(super) aborted: bool,
    /// Whether the end came from what was read, so that the messages before it are still handled.
    pub(super) closed_by_peer: bool,
    pub(super) peer: Peer,
    /// Since when a message waits for the client to take earlier replies, without its taking bytes.
    pub(super) stalled: Option<Moment>,
    /// The client's progress in taking bytes when the timer fired last.
    pub(super) progress: u64,
    /// For what is due sooner than an alarm is meant for. A quiet connection has none.
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
            ending: None,
            grace: None,
            aborted: false,
            closed_by_peer: false,
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
        if let Some(ending) = &self.ending {
            self.inbox.end(ending);
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_deref()
    }

    /// Begins the end of the connection, by a decision of ours. The first end stands, also one that was asked for and not
    /// looked at yet.
    pub(crate) fn close(&mut self, ending: Ending) {
        if self.ending.is_none() {
            let standing = self.live.close(ending);
            self.start_ending(standing);
        }
    }

    /// Begins the end of the connection, by what was read or could not be. The running handler may still send.
    pub(super) fn close_by_peer(&mut self, ending: Ending) {
        if self.ending.is_none() {
            if let Some(asked_for) = self.live.peer_closed() {
                return self.close(asked_for);
            }
            self.closed_by_peer = true;
            self.live.endpoint.leave(self.live.id);
            self.start_ending(ending);
        }
    }

    fn start_ending(&mut self, ending: Ending) {
        self.inbox.end(&ending);
        self.grace = Some(after(Moment::now(), self.endpoint.bounds.handler_grace));
        self.ending = Some(Box::new(ending));
    }

    /// Gives the close handler a grace of its own.
    pub(crate) fn extend_grace(&mut self) {
        self.grace = Some(after(Moment::now(), self.endpoint.bounds.handler_grace));
    }

    // ---- what the connection awaits -------------------------------------------------------------------------------

    /// Waits for the next message, and copies it. `None` is the end. Everything else goes on meanwhile.
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

    /// Waits for a handler. Reading ahead, writing, pongs and time go on beside it. `None` means that it still ran when
    /// its grace after the end of the connection was over.
    pub(crate) async fn beside<T>(&mut self, mut handler: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        poll_fn(|cx| self.poll_beside(cx, handler.as_mut())).await
    }

    /// Gives the next message where it was read, or the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.status.has_signals {
            self.take_signals();
        }
        loop {
            if let Some(message) = self.next_to_handle() {
                return Poll::Ready(Next::Message(message));
            }
            if self.is_over() {
                return Poll::Ready(Next::End);
            }
            let is_written = !self.status.has_frames || self.poll_write(cx).is_ready();
            // Now there is room for the reply to a message that had none.
            let unstalled = is_written && self.stalled.is_some();
            // Time has its turn when nothing is left to handle.
            let progress = unstalled || self.poll_more(cx) || self.poll_time(cx, false);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
            self.status.has_room = self.status.has_room || self.live.mailbox.has_room();
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
            if self.grace_is_over() {
                return Poll::Ready(None);
            }
            let _left_or_not = self.poll_write(cx);
            let progress = self.poll_read_ahead(cx) | self.poll_time(cx, true);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
        }
    }

    // ---- decisions ------------------------------------------------------------------------------------------------

    fn grace_is_over(&self) -> bool {
        self.aborted || self.grace.is_some_and(|grace| Moment::now() >= grace)
    }

    /// Tells whether no further message is to be handled. What came before the peer's own end is handled first.
    pub(crate) fn is_over(&self) -> bool {
        let all_handled = || !self.closed_by_peer || (self.inbox.is_empty() && self.peer != Peer::Ended);
        self.aborted || (self.ending.is_some() && (all_handled() || self.grace_is_over()))
    }

    /// Returns the next message of those that were read, if there is room for its reply.
    #[inline]
    fn next_to_handle(&mut self) -> Option<Incoming> {
        if self.is_over() {
            return None;
        }
        // After the end of the stream only the read-ahead is left, which is bounded as well.
        if !self.status.has_room && self.ending.is_none() {
            if !self.inbox.is_empty() {
                self.stalled.get_or_insert_with(Moment::now);
            }
            return None;
        }
        self.stalled = None;
        if self.inbox.is_empty() {
            self.receive()
        } else {
            self.inbox.pop().map(Incoming::Owned)
        }
    }

    // ---- steps ----------------------------------------------------------------------------------------------------

    /// Takes the signals that came from outside.
    pub(crate) fn take_signals(&mut self) {
        let signals = self.live.mailbox.take_signals();
        self.status = signals.status;
        self.aborted |= signals.aborted;
        self.reader.resume();
        if let Some(ending) = signals.ending {
            self.close(ending);
        }
    }

    /// Queues the reply of a handler that has ended, if there is one, and takes note of what has come of its run.
    pub(crate) fn settle(&mut self, reply: Option<&Message>) {
        self.status = self.live.answer(reply);
        self.has_worked();
    }

    /// Our side had to do until now, so that the client could be silent.
    pub(crate) fn has_worked(&mut self) {
        if self.endpoint.bounds.idle_timeout.is_some() {
            self.liveness.worked_until(Moment::now());
        }
    }

    /// Reads more, as far as it can be handled at once, or be kept.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> bool {
        if self.status.has_room {
            self.poll_fill(cx)
        } else {
            self.poll_read_ahead(cx)
        }
    }

    /// Writes what is queued. Pending means that something is left: the socket takes no more for now, or for ever.
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

    /// Ends this poll: the turn is over, or the task sleeps. Returns `false` if something has come meanwhile.
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

    /// Registers for pushes and signals before the task sleeps. Gives `false` if one has come meanwhile.
    pub(super) fn park(&mut self, cx: &Context<'_>) -> bool {
        let asleep = self.live.mailbox.sleep(cx, self.ending.is_some());
        if !asleep {
            self.take_signals();
        }
        asleep
    }
}
