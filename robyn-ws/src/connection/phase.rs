//! The protocol's decisions, without input, output or clock: what to do with what was received, and when to give up.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    CloseReason, Message,
    close::{CloseFrame, Ending, close_code},
    connection::decoder::{ReadEnd, Received},
    limits::Bounds,
    time::after,
};

/// What to do with what was received.
#[derive(Debug)]
pub(crate) enum Action {
    Deliver(Message),
    Answer(Bytes),
    Nothing,
    End(Ending),
}

/// What is due at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping,
    End(Ending),
}

/// The liveness of one connection.
#[derive(Debug)]
pub(crate) struct Phase {
    /// Boxed, since few apps limit it.
    rate: Option<Box<Rate>>,
    last_heard: Instant,
    last_message: Instant,
    next_ping: Option<Instant>,
    /// Since when we do not read, because the handlers do not keep up. No silence of the peer counts meanwhile.
    paused: bool,
}

impl Phase {
    pub(crate) fn new(bounds: &Bounds, now: Instant) -> Self {
        Self {
            rate: bounds.messages_per_second.map(|limit| Box::new(Rate::new(limit, now))),
            last_heard: now,
            last_message: now,
            next_ping: bounds.heartbeat.map(|every| after(now, every)),
            paused: false,
        }
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    pub(crate) fn on_received(&mut self, received: Received, now: Instant) -> Action {
        match received {
            Received::Message(_) if self.rate.as_mut().is_some_and(|rate| !rate.allows(now)) => {
                Action::End(Ending::because(
                    CloseReason::RateLimited,
                    "too many messages: over Limits::messages_per_second",
                ))
            }
            Received::Message(message) => {
                self.last_message = now;
                Action::Deliver(message)
            }
            Received::Ping(payload) => Action::Answer(payload),
            Received::Pong => Action::Nothing,
            Received::Close { code, reason } => {
                Action::End(Ending::client(code.unwrap_or(close_code::NO_STATUS), reason))
            }
        }
    }

    /// The one place that decides how the end of reading ends the connection.
    pub(crate) fn on_read_end(end: &ReadEnd) -> Ending {
        match end {
            ReadEnd::Lost => Ending::lost(),
            ReadEnd::TooBig => Ending::because(
                CloseReason::MessageTooBig,
                "too big: over Limits::max_message_size or Limits::max_frame_size",
            ),
            ReadEnd::InvalidUtf8 => Ending::because(CloseReason::InvalidPayload, "invalid UTF-8 in a text message"),
            ReadEnd::Protocol(what) => {
                let end = what.floor_char_boundary(CloseFrame::MAX_REASON);
                Ending::because(CloseReason::ProtocolError, &what[..end])
            }
        }
    }

    /// Bytes came, whatever they are.
    pub(crate) fn heard(&mut self, bounds: &Bounds, now: Instant) {
        self.last_heard = now;
        self.next_ping = bounds.heartbeat.map(|every| after(now, every));
    }

    /// Stops the clocks of silence while we do not read.
    pub(crate) const fn pause(&mut self) {
        self.paused = true;
    }

    /// Starts them anew.
    pub(crate) fn resume(&mut self, bounds: &Bounds, now: Instant) {
        if std::mem::take(&mut self.paused) {
            self.heard(bounds, now);
            self.last_message = now;
        }
    }

    // ---- time -----------------------------------------------------------------------------------------------------

    /// Says what is due at `now`.
    pub(crate) fn on_time(&mut self, bounds: &Bounds, now: Instant) -> Due {
        if self.paused {
            self.heard(bounds, now);
            self.last_message = now;
            return Due::Nothing;
        }
        if self.dead_at(bounds).is_some_and(|at| now >= at) {
            return Due::End(Ending::silent(CloseReason::HeartbeatTimeout));
        }
        if self.idle_at(bounds).is_some_and(|at| now >= at) {
            return Due::End(Ending::because(
                CloseReason::IdleTimeout,
                "idle: over Limits::idle_timeout",
            ));
        }
        if self.next_ping.is_some_and(|at| now >= at) {
            self.next_ping = bounds.heartbeat.map(|every| after(now, every));
            return Due::Ping;
        }
        Due::Nothing
    }

    /// Says when to ask [`Self::on_time`] next. It may be early, never late.
    pub(crate) fn deadline(&self, bounds: &Bounds) -> Option<Instant> {
        [self.next_ping, self.dead_at(bounds), self.idle_at(bounds)]
            .into_iter()
            .flatten()
            .min()
    }

    fn dead_at(&self, bounds: &Bounds) -> Option<Instant> {
        let silence = |every: Duration| every.saturating_mul(bounds.missed_heartbeats);
        bounds.heartbeat.map(|every| after(self.last_heard, silence(every)))
    }

    fn idle_at(&self, bounds: &Bounds) -> Option<Instant> {
        bounds.idle_timeout.map(|limit| after(self.last_message, limit))
    }
}

/// Counts messages against a rate: a bucket that holds one second's worth and fills steadily.
#[derive(Debug)]
struct Rate {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Rate {
    fn new(limit: u32, now: Instant) -> Self {
        Self {
            per_second: f64::from(limit),
            left: f64::from(limit),
            at: now,
        }
    }

    fn allows(&mut self, now: Instant) -> bool {
        let refill = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + refill).min(self.per_second);
        self.at = now;
        self.left -= 1.0;
        self.left >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn phase(change: impl FnOnce(&mut Bounds)) -> (Phase, Bounds, Instant) {
        let mut bounds = Bounds {
            heartbeat: Some(10 * SECOND),
            ..Bounds::default()
        };
        change(&mut bounds);
        let start = Instant::now();
        (Phase::new(&bounds, start), bounds, start)
    }

    #[test]
    fn silent_peer_is_pinged_once_and_lost_after_two_heartbeats() {
        let (mut phase, bounds, start) = phase(|_| ());
        assert_eq!(phase.deadline(&bounds), Some(start + 10 * SECOND));
        assert_eq!(phase.on_time(&bounds, start + 9 * SECOND), Due::Nothing);
        assert_eq!(phase.on_time(&bounds, start + 10 * SECOND), Due::Ping);
        assert_eq!(phase.on_time(&bounds, start + 19 * SECOND), Due::Nothing);
        assert_eq!(
            phase.on_time(&bounds, start + 20 * SECOND),
            Due::End(Ending::silent(CloseReason::HeartbeatTimeout))
        );
    }

    #[test]
    fn pong_keeps_the_peer_alive_but_not_from_being_idle() {
        let (mut phase, bounds, start) = phase(|bounds| bounds.idle_timeout = Some(15 * SECOND));
        assert_eq!(phase.on_time(&bounds, start + 10 * SECOND), Due::Ping);
        phase.on_received(Received::Pong, start + 11 * SECOND);
        assert_eq!(phase.on_time(&bounds, start + 14 * SECOND), Due::Nothing);
        assert!(
            matches!(phase.on_time(&bounds, start + 15 * SECOND), Due::End(ending) if ending.reason == CloseReason::IdleTimeout)
        );
    }

    #[test]
    fn silence_does_not_count_while_we_do_not_read() {
        let (mut phase, bounds, start) = phase(|bounds| bounds.idle_timeout = Some(15 * SECOND));
        phase.pause();
        assert_eq!(phase.on_time(&bounds, start + 1000 * SECOND), Due::Nothing);
        phase.resume(&bounds, start + 2000 * SECOND);
        assert_eq!(phase.on_time(&bounds, start + 2009 * SECOND), Due::Nothing);
        assert_eq!(phase.on_time(&bounds, start + 2010 * SECOND), Due::Ping);
    }

    #[test]
    fn rate_allows_its_burst_and_refills_steadily() {
        let (mut phase, _, start) = phase(|bounds| bounds.messages_per_second = Some(2));
        let mut send = |at| matches!(phase.on_received(Received::Message("x".into()), at), Action::Deliver(_));
        assert!(send(start) && send(start), "the burst of a second");
        assert!(send(start + SECOND / 2), "half a second gives one more");
        assert!(!send(start + SECOND / 2), "and not two");
    }

    #[test]
    fn client_without_a_code_gets_1000_and_is_told_of_as_1005() {
        let (mut phase, _, start) = phase(|_| ());
        let close = Received::Close {
            code: None,
            reason: String::new(),
        };
        let Action::End(ending) = phase.on_received(close, start) else {
            panic!("a Close ends the connection")
        };
        assert_eq!(ending.reason.code(), close_code::NO_STATUS);
        assert_eq!(ending.frame.map(|frame| frame.code()), Some(close_code::NORMAL));
    }
}
