//! Reading ahead of the handlers, and what the end of reading means.

use std::{
    ops::ControlFlow,
    task::{Context, Poll},
};

use crate::{
    CloseReason,
    close::Ending,
    connection::{
        deadlines::Doubt,
        driver::{Driver, Peer},
        inbox::Inbox,
        phase::{Action, Phase},
        received::{ReadEnd, Received},
        wire::Heard,
    },
    frame::Frame,
    time::Moment,
};

impl Driver {
    /// Reads ahead as far as there is room and the turn lasts. Returns whether anything came of it.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let reads = match self.peer {
            Peer::Talks => self.ending.is_none(),
            Peer::Ended => true,
            Peer::Done | Peer::Gone => false,
        };
        if !reads || self.turn.is_spent() {
            return false;
        }
        if !self.inbox.has_room(&self.endpoint.bounds) {
            return self.pause_reading(cx);
        }
        let now = Moment::now();
        self.phase.resume(&self.endpoint.bounds, now);
        let (mut any, mut ending) = (false, None);
        // Only a session is told of each message.
        let task = matches!(self.inbox, Inbox::Session(_)).then(|| cx.waker().clone());
        let Self {
            wire,
            phase,
            inbox,
            endpoint,
            live,
            doubt,
            turn,
            ..
        } = self;
        let read = wire.poll_read(cx, &endpoint.bounds, turn, &mut |received: Received| {
            any = true;
            match phase.on_received(received, now) {
                Action::Deliver(message) => {
                    endpoint.hub.telemetry.received(message.len());
                    inbox.push(message, task.as_ref());
                }
                Action::Answer(ping) => live.mailbox.control(Frame::pong(&ping)),
                Action::Nothing => {}
                Action::End(end) => ending = Some(end),
            }
            if ending.is_none() && inbox.has_room(&endpoint.bounds) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        let heard = wire.take_heard();
        if heard != Heard::Nothing {
            *doubt = Doubt::None;
        }
        phase.heard(heard, &endpoint.bounds, now);
        if let Poll::Ready(Err(end)) = &read {
            ending = Some(Phase::on_read_end(end));
        }
        let Some(ending) = ending else { return any };
        self.on_stream_end(ending, &read);
        true
    }

    /// Concludes from the end of what the peer sends.
    fn on_stream_end(&mut self, ending: Ending, read: &Poll<Result<(), ReadEnd>>) {
        let known_to_end = self.peer == Peer::Ended;
        if matches!(read, Poll::Ready(Err(ReadEnd::Lost))) {
            self.peer = Peer::Gone;
        } else if matches!(read, Poll::Ready(Err(_))) || matches!(ending.reason, CloseReason::Client { .. }) {
            self.peer = Peer::Done;
        }
        if known_to_end && self.ended_in_stream {
            // The reason was not known when the end of TCP was noticed, and nobody was told.
            self.peer = self.peer.max(Peer::Done);
            self.inbox.end(&ending);
            self.ending = Some(Box::new(ending));
        } else {
            self.end_in_stream(ending);
        }
    }

    /// Lets TCP slow the peer down, and notices all the same if the peer ends TCP.
    fn pause_reading(&mut self, cx: &Context<'_>) -> bool {
        if self.phase.end_check().is_none() {
            self.phase.pause(Moment::now());
        }
        if let Inbox::Session(session) = &self.inbox {
            session.wait_for_room(cx);
        }
        if self.peer == Peer::Talks && self.wire.is_ended_by_peer() {
            self.peer = Peer::Ended;
            self.end_in_stream(Ending::lost());
            return true;
        }
        false
    }
}
