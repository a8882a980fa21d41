//! Reading for a free handler, reading ahead of a busy one, and the end of reading.

use std::task::{Context, Poll};

use crate::{
    connection::{
        driver::{Doubt, Driver, Peer},
        liveness::{Action, Liveness},
    },
    mailbox::inbox::Inbox,
    types::{
        close::{CloseReason, Ending},
        message::Message,
    },
    util::time::Moment,
    wire::{
        frame::Frame,
        received::{Incoming, ReadEnd},
    },
};

impl Driver {
    fn reads(&self) -> bool {
        match self.peer {
            Peer::Talks => self.stage.is_open(),
            Peer::Ended => true,
            Peer::Done | Peer::Gone => false,
        }
    }

    /// Decodes received bytes up to the next message, within the turn.
    #[inline]
    pub(super) fn receive(&mut self) -> Option<Incoming> {
        while self.reads() && self.turn.has_frames() {
            let message = if self.reader.is_decompressing() {
                self.decompress()
            } else {
                let now = self.reader.read_at()?;
                self.resume();
                if let Some(whole) = self.reader.next_whole(&self.endpoint.bounds) {
                    self.turn.spend_message();
                    if self.liveness.takes_message(now) {
                        self.endpoint.members.telemetry.received(whole.len());
                        return Some(Incoming::WholeMessage(whole));
                    }
                    self.on_stream_end(Liveness::rate_limited(), self.peer);
                    return None;
                }
                self.decode(now)
            };
            if let Some(message) = message {
                self.endpoint.members.telemetry.received(message.len());
                return Some(Incoming::Owned(message));
            }
        }
        None
    }

    /// Decodes one frame that is not a whole message, and answers it. Returns the message that it completes.
    fn decode(&mut self, now: Moment) -> Option<Message> {
        match self.reader.next(&self.endpoint.bounds) {
            Ok(Some(received)) => {
                self.turn.spend_frame(&received);
                match self.liveness.on_received(received, now) {
                    Action::Deliver(message) => return Some(message),
                    Action::Decompress(message) => self.reader.begin_decompressing(message),
                    Action::Answer(ping) => self.control(Frame::pong(&ping)),
                    Action::Nothing => {}
                    Action::End(ending) => self.on_stream_end(ending, self.peer),
                }
            }
            Ok(None) if self.reader.is_inside_data_frame() => self.liveness.on_part(now),
            Ok(None) => {}
            Err(end) => self.on_read_end(&end),
        }
        None
    }

    /// Goes on to decompress a message, within the turn. Returns it when it is whole.
    #[inline(never)]
    fn decompress(&mut self) -> Option<Message> {
        self.resume();
        match self.reader.poll_decompressed(&self.endpoint.bounds, &mut self.turn) {
            Poll::Ready(Ok((message, sizes))) => {
                // As if its bytes had come, since its handler works on all of them.
                self.turn.spend_bytes(message.len());
                self.endpoint.members.telemetry.decompressed(sizes);
                Some(message)
            }
            Poll::Ready(Err(end)) => {
                self.on_read_end(&end);
                None
            }
            Poll::Pending => None,
        }
    }

    /// Counts a further call of a batch as a message of its own. Returns `false` if there were too many.
    pub(super) fn count_call(&mut self) -> bool {
        self.turn.spend_message();
        let is_taken = self.liveness.takes_message(Moment::now());
        if !is_taken {
            self.on_stream_end(Liveness::rate_limited(), self.peer);
        }
        is_taken
    }

    /// Copies a message out of the read buffer. Returns `None` if it is not valid text, which ends the connection.
    #[inline]
    pub(super) fn own(&mut self, incoming: Incoming) -> Option<Message> {
        let whole = match incoming {
            Incoming::Owned(message) => return Some(message),
            Incoming::WholeMessage(whole) => whole,
        };
        match self.reader.borrow(whole) {
            Ok(message) => Some(message.to_message()),
            Err(end) => {
                self.on_read_end(&end);
                None
            }
        }
    }

    /// Reads the socket once, within the turn. Returns `true` if there are new bytes or the end of them.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.reads() || self.turn.is_spent() {
            return false;
        }
        self.resume();
        match self.reader.poll_fill(cx, &mut self.turn) {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) => {
                let now = self.reader.read_at().unwrap_or_else(Moment::now);
                self.liveness.is_alive(&self.endpoint.bounds, now);
                self.doubt = Doubt::None;
            }
            Poll::Ready(Err(end)) => self.on_read_end(&end),
        }
        true
    }

    /// Reads ahead as far as there is room, within the turn. Returns `true` if there are new messages or the end of them.
    pub(super) fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.reads() || self.turn.is_spent() {
            return false;
        }
        // Only a session is woken for each message.
        let task = matches!(self.inbox, Inbox::Session(_)).then(|| cx.waker().clone());
        let mut any = false;
        while self.inbox.has_room(&self.endpoint.bounds, !self.live.calls.is_empty()) {
            if let Some(incoming) = self.receive() {
                let message = self.own(incoming);
                if let Some(message) = message.and_then(|message| self.without_answers(message)) {
                    self.inbox.push(message, task.as_ref());
                }
            } else if !self.poll_fill(cx) {
                return any;
            }
            any = true;
        }
        self.pause_reading(cx) || any
    }

    /// Handles the end of reading.
    pub(super) fn on_read_end(&mut self, end: &ReadEnd) {
        let peer = if *end == ReadEnd::Lost { Peer::Gone } else { Peer::Done };
        self.on_stream_end(end.ending(), peer);
    }

    /// Handles the end of the peer's stream.
    fn on_stream_end(&mut self, ending: Ending, peer: Peer) {
        let known_to_end = self.peer == Peer::Ended;
        self.peer = match ending.reason {
            CloseReason::Client { .. } => Peer::Done,
            _ => peer,
        };
        if known_to_end && self.stage.is_by_peer() {
            // The reason was unknown when the end of TCP was noticed.
            self.peer = self.peer.max(Peer::Done);
            self.inbox.end(&ending);
            self.stage.set_ending(ending);
        } else {
            self.close_by_peer(ending);
        }
    }

    /// Restarts the clocks of silence, if they were stopped.
    fn resume(&mut self) {
        if self.liveness.end_check().is_some() {
            self.liveness.resume(&self.endpoint.bounds, Moment::now());
        }
    }

    /// Pauses reading, so that TCP slows the peer down. The end of TCP is noticed all the same.
    fn pause_reading(&mut self, cx: &mut Context<'_>) -> bool {
        if self.liveness.end_check().is_none() {
            self.liveness.pause(Moment::now());
        }
        if let Inbox::Session(session) = &self.inbox {
            session.wait_for_room(cx);
        }
        if self.peer == Peer::Talks && self.reader.is_ended_by_peer(cx) {
            self.peer = Peer::Ended;
            self.close_by_peer(Ending::lost());
            return true;
        }
        false
    }
}
