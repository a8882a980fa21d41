//! The poll loop of one connection: reading, the handler that runs, writing, time.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    Message,
    close::Ending,
    connection::{
        inbox::Inbox,
        phase::{Due, Phase, Signs},
        session::SessionInbox,
        turn::Turn,
        wire::Wire,
    },
    endpoint::Endpoint,
    frame::Frame,
    hub::live::Live,
    mailbox::{Written, slow_consumer},
    time::{after, never},
};

/// What the connection gets between handlers.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Message),
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

/// Drives one connection.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(super) wire: Wire,
    pub(super) live: Arc<Live>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) phase: Phase,
    pub(super) inbox: Inbox,
    pub(super) ending: Option<Box<Ending>>,
    /// Until when handlers may go on after the end has begun.
    grace: Option<Instant>,
    /// Whether the drain's patience is over.
    pub(super) cut: bool,
    /// Whether the end came from what was read, so that the messages before it are still handled.
    pub(super) ended_in_stream: bool,
    pub(super) peer: Peer,
    /// Since when a message waits for the client to take earlier replies, without its taking bytes.
    stalled: Option<Instant>,
    /// The client's progress in taking bytes when the timer fired last.
    progress: u64,
    timer: Pin<Box<Sleep>>,
    pub(super) turn: Turn,
}

impl Driver {
    pub(crate) fn new(wire: Wire, live: Arc<Live>, endpoint: Arc<Endpoint>) -> Self {
        let now = Instant::now();
        let phase = Phase::new(&endpoint.bounds, now);
        let timer = Box::pin(sleep_until(phase.deadline(&endpoint.bounds).unwrap_or_else(never)));
        Self {
            wire,
            live,
            endpoint,
            phase,
            inbox: Inbox::new(),
            ending: None,
            grace: None,
            cut: false,
            ended_in_stream: false,
            peer: Peer::Talks,
            stalled: None,
            progress: 0,
            timer,
            turn: Turn::new(),
        }
    }

    /// Hands all messages to a session from now on.
    pub(crate) fn give_messages_to(&mut self, session: Arc<SessionInbox>) {
        self.inbox.give_to(session);
        if let Some(ending) = &self.ending {
            self.inbox.end(ending);
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_deref()
    }

    /// Begins the end of the connection, by a decision of ours. The first end stands, also one that was asked for and not
    /// looked at yet.
    pub(crate) fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            let standing = self.live.close(ending);
            self.begin_end(standing);
        }
    }

    /// Begins the end of the connection, by what was read or could not be. The running handler may still send.
    pub(super) fn end_in_stream(&mut self, ending: Ending) {
        if self.ending.is_none() {
            if let Some(asked_for) = self.live.finish() {
                return self.end(asked_for);
            }
            self.ended_in_stream = true;
            self.live.endpoint.leave(self.live.id);
            self.begin_end(ending);
        }
    }

    fn begin_end(&mut self, ending: Ending) {
        self.inbox.end(&ending);
        self.grace = Some(after(Instant::now(), self.endpoint.bounds.handler_grace));
        self.ending = Some(Box::new(ending));
    }

    /// Gives the close handler a grace of its own.
    pub(crate) fn extend_grace(&mut self) {
        self.grace = Some(after(Instant::now(), self.endpoint.bounds.handler_grace));
    }

    // ---- what the connection awaits -------------------------------------------------------------------------------

    /// Waits for the next message, or for the end. Everything else goes on meanwhile.
    pub(crate) async fn next(&mut self) -> Next {
        if self.endpoint.bounds.idle_timeout.is_some() {
            self.phase.worked_until(Instant::now());
        }
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Waits for a handler. Reading ahead, writing, pongs and time go on beside it. `None` means that it still ran when
    /// its grace after the end of the connection was over.
    pub(crate) async fn beside<T>(&mut self, mut handler: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        poll_fn(|cx| self.poll_beside(cx, handler.as_mut())).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut has_room = self.look_in();
        loop {
            if self.is_over() {
                return Poll::Ready(Next::End);
            }
            if self.may_handle(has_room) {
                return Poll::Ready(self.inbox.pop().map_or(Next::End, Next::Message));
            }
            // Now there is room for the reply to a message that had none.
            let unstalled = self.poll_write(cx).is_ready() && self.stalled.is_some();
            // Time has its turn when nothing is left to handle.
            let progress = unstalled || self.poll_read(cx) || self.poll_time(cx, false);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
            has_room = has_room || self.live.mailbox.has_room();
        }
    }

    fn poll_beside<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut handler: Pin<&mut impl Future<Output = T>>,
    ) -> Poll<Option<T>> {
        self.look_in();
        loop {
            if let Poll::Ready(result) = handler.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            if self.out_of_patience() {
                return Poll::Ready(None);
            }
            let _left_or_not = self.poll_write(cx);
            let progress = self.poll_read(cx) | self.poll_time(cx, true);
            if !progress && self.ends_poll(cx) {
                return Poll::Pending;
            }
        }
    }

    // ---- decisions ------------------------------------------------------------------------------------------------

    fn out_of_patience(&self) -> bool {
        self.cut || self.grace.is_some_and(|grace| Instant::now() >= grace)
    }

    /// Tells whether no further message is to be handled. What came before the peer's own end is handled first.
    pub(crate) fn is_over(&self) -> bool {
        let all_handled = !self.ended_in_stream || (self.inbox.is_empty() && self.peer != Peer::Ended);
        self.cut || (self.ending.is_some() && (all_handled || self.out_of_patience()))
    }

    /// Tells whether there is a message to handle, and room for its reply.
    fn may_handle(&mut self, has_room: bool) -> bool {
        if self.inbox.is_empty() {
            return false;
        }
        // After the end of the stream only the read-ahead is left, which is bounded as well.
        if self.ending.is_none() && !has_room {
            self.stalled.get_or_insert_with(Instant::now);
            return false;
        }
        self.stalled = None;
        true
    }

    // ---- steps ----------------------------------------------------------------------------------------------------

    /// Takes the orders that came from outside. Gives whether a reply finds room.
    pub(crate) fn look_in(&mut self) -> bool {
        let orders = self.live.mailbox.wake_up();
        self.cut |= orders.cut;
        if let Some(ending) = orders.ending {
            self.end(ending);
        }
        orders.has_room
    }

    /// Writes what is queued. Pending means that something is left: the socket takes no more for now, or for ever.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.live.write_with(Some(cx), &mut self.turn.write) {
            Written::All => Poll::Ready(()),
            Written::Some | Written::Blocked | Written::Elsewhere => Poll::Pending,
            Written::Broken => {
                self.peer = Peer::Gone;
                self.end_in_stream(Ending::lost());
                Poll::Pending
            }
        }
    }

    /// Does what is due. Gives whether anything was, or was put off; otherwise the task is woken when something is.
    fn poll_time(&mut self, cx: &mut Context<'_>, handler_runs: bool) -> bool {
        // What else is awaited only ever moves away, and is looked up when the timer fires.
        let pressing = if self.ending.is_some() {
            self.grace
        } else {
            earlier(self.stall_over(), self.phase.end_check())
        };
        if pressing.is_some_and(|deadline| deadline < self.timer.deadline()) {
            self.reset_timer(pressing);
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.on_time(Instant::now(), handler_runs);
        self.reset_timer(self.deadline());
        true
    }

    fn on_time(&mut self, now: Instant, handler_runs: bool) {
        if self.ending.is_some() {
            return;
        }
        let progress = self.live.mailbox.progress();
        let takes_bytes = std::mem::replace(&mut self.progress, progress) != progress;
        if takes_bytes {
            self.stalled = self.stalled.map(|_| now);
        }
        if self.stall_over().is_some_and(|over| now >= over) {
            return self.end(slow_consumer());
        }
        let signs = Signs {
            takes_bytes,
            worked_until: self.inbox.worked_until(handler_runs, now),
        };
        match self.phase.on_time(&self.endpoint.bounds, now, signs) {
            Due::Nothing => {}
            Due::Ping => self.live.mailbox.control(Frame::ping()),
            Due::End(ending) => self.end(ending),
        }
    }

    /// Says when time is next of interest.
    fn deadline(&self) -> Option<Instant> {
        if self.ending.is_some() {
            return self.grace;
        }
        earlier(self.phase.deadline(&self.endpoint.bounds), self.stall_over())
    }

    fn stall_over(&self) -> Option<Instant> {
        self.stalled
            .map(|since| after(since, self.endpoint.bounds.send_timeout))
    }

    fn reset_timer(&mut self, deadline: Option<Instant>) {
        self.timer.as_mut().reset(deadline.unwrap_or_else(never));
    }

    /// Ends this poll: the turn is over, or the task sleeps. Returns `false` if something has come meanwhile.
    pub(super) fn ends_poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.turn.is_spent() {
            self.turn.pass(cx);
            return true;
        }
        let asleep = self.park(cx);
        if asleep {
            self.turn = Turn::new();
        }
        asleep
    }

    /// Registers for pushes and orders before the task sleeps. Gives `false` if one has come meanwhile.
    pub(super) fn park(&mut self, cx: &Context<'_>) -> bool {
        let asleep = self.live.mailbox.sleep(cx, self.ending.is_some());
        if !asleep {
            self.look_in();
        }
        asleep
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
