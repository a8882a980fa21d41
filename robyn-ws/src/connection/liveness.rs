//! Whether the peer is alive, and how received frames are answered: decisions without input, output or a clock.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    types::{
        close::{CloseReason, Ending, close_code},
        limits::Bounds,
        message::Message,
    },
    util::{
        rate::Rate,
        time::{Moment, after},
    },
    wire::{deflate::CompressedMessage, received::Received},
};

/// The interval of checks for the end of TCP, while the peer is not read.
const END_CHECK: Duration = Duration::from_secs(1);

/// The answer to a received frame.
#[derive(Debug)]
pub(crate) enum Action {
    Deliver(Message),
    Decompress(CompressedMessage),
    Answer(Bytes),
    Nothing,
    End(Ending),
}

/// The action that is due at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping,
    End(Ending),
}

/// The activity of both sides since the timer fired last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activity {
    /// Whether the peer has taken bytes.
    pub(crate) takes_bytes: bool,
    /// The time until which our side worked, so that the peer could be silent.
    pub(crate) worked_until: Option<Moment>,
}

/// The liveness of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    /// Boxed, since few apps limit it.
    rate: Option<Box<Rate>>,
    /// Pings since the last bytes of the peer.
    unanswered: u32,
    /// Pings whose pongs have not come.
    pongs_due: u32,
    /// The time of the next check for silence.
    next_beat: Option<Moment>,
    /// The time since which the peer sends no message, although we wait for one.
    idle_since: Moment,
    /// The next check for the end of TCP, while reading is paused because handlers do not keep up. The peer's silence does
    /// not count meanwhile.
    paused: Option<Moment>,
}

impl Liveness {
    pub(crate) fn new(bounds: &Bounds, now: Moment) -> Self {
        Self {
            rate: bounds
                .max_messages_per_second
                .map(|limit| Box::new(Rate::new(limit, now))),
            unanswered: 0,
            pongs_due: 0,
            next_beat: bounds.heartbeat_interval.map(|every| after(now, every)),
            idle_since: now,
            paused: None,
        }
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /// Counts a message. Returns `false` if it exceeds the rate.
    #[inline]
    pub(crate) fn takes_message(&mut self, now: Moment) -> bool {
        self.idle_since = now;
        self.is_within_rate(now)
    }

    /// Counts a frame against the rate, if there is one. Returns `false` if it exceeds the rate.
    #[inline]
    fn is_within_rate(&mut self, now: Moment) -> bool {
        self.rate.as_mut().is_none_or(|rate| rate.allows(now))
    }

    pub(crate) fn rate_limited() -> Ending {
        Ending::because(
            CloseReason::RateLimited,
            "too many messages: over Limits::max_messages_per_second",
        )
    }

    pub(crate) fn on_received(&mut self, received: Received, now: Moment) -> Action {
        let is_free = match received {
            // A Close is never refused.
            Received::Close { .. } => true,
            Received::Pong => self.takes_due_pong(),
            _ => false,
        };
        if !is_free && !self.is_within_rate(now) {
            return Action::End(Self::rate_limited());
        }
        match received {
            Received::Message(message) => {
                self.idle_since = now;
                Action::Deliver(message)
            }
            Received::Compressed(message) => {
                self.idle_since = now;
                Action::Decompress(message)
            }
            Received::Fragment => {
                self.idle_since = now;
                Action::Nothing
            }
            Received::Ping(payload) => Action::Answer(payload),
            Received::Pong => Action::Nothing,
            Received::Close { code, reason } => {
                Action::End(Ending::client(code.unwrap_or(close_code::NO_STATUS), reason))
            }
        }
    }

    /// Returns `true` if the pong answers a ping of ours.
    fn takes_due_pong(&mut self) -> bool {
        let is_due = self.pongs_due > 0;
        self.pongs_due -= u32::from(is_due);
        is_due
    }

    /// Takes note of a part of a message.
    pub(crate) fn on_part(&mut self, now: Moment) {
        self.idle_since = now;
    }

    /// Takes note of bytes: even a part of a frame is a sign of life.
    pub(crate) fn is_alive(&mut self, bounds: &Bounds, now: Moment) {
        self.unanswered = 0;
        self.next_beat = bounds.heartbeat_interval.map(|every| after(now, every));
    }

    /// Takes note of our work until `at`: the peer could be silent.
    pub(crate) fn worked_until(&mut self, at: Moment) {
        self.idle_since = self.idle_since.max(at);
    }

    /// Stops the clocks of silence while reading is paused.
    pub(crate) fn pause(&mut self, now: Moment) {
        self.paused = Some(after(now, END_CHECK));
    }

    /// Restarts the clocks of silence.
    pub(crate) fn resume(&mut self, bounds: &Bounds, now: Moment) {
        if self.paused.take().is_some() {
            self.is_alive(bounds, now);
            self.idle_since = now;
            if let Some(rate) = &mut self.rate {
                rate.catch_up(now);
            }
        }
    }

    // ---- time -----------------------------------------------------------------------------------------------------

    /// Returns the action that is due at `now`.
    pub(crate) fn on_time(&mut self, bounds: &Bounds, now: Moment, activity: Activity) -> Due {
        if let Some(worked_until) = activity.worked_until {
            self.worked_until(worked_until);
        }
        if self.paused.is_some() {
            self.paused = Some(after(now, END_CHECK));
            self.idle_since = now;
        } else if activity.takes_bytes {
            self.is_alive(bounds, now);
        }
        if self.idle_at(bounds).is_some_and(|at| now >= at) {
            return Due::End(Ending::because(
                CloseReason::IdleTimeout,
                "idle: over Limits::idle_timeout",
            ));
        }
        let due = self.beat(bounds, now);
        self.pongs_due += u32::from(due == Due::Ping);
        due
    }

    /// Checks for silence: the peer is pinged, and then has a whole interval for its answer.
    fn beat(&mut self, bounds: &Bounds, now: Moment) -> Due {
        let (Some(every), Some(due)) = (bounds.heartbeat_interval, self.next_beat) else {
            return Due::Nothing;
        };
        if now < due {
            return Due::Nothing;
        }
        if self.paused.is_some() {
            // The answer would not be read. But a peer that died with unsent bytes, which never ends TCP by itself, answers
            // a ping with a reset.
            self.next_beat = Some(after(now, every));
            return Due::Ping;
        }
        // If the process or the machine stood still, the answer may be unread or unsent.
        let on_time = now <= after(due, every / 2);
        if on_time && self.unanswered + 1 >= bounds.max_missed_heartbeats {
            return Due::End(Ending::silent(CloseReason::HeartbeatTimeout));
        }
        if on_time || self.unanswered == 0 {
            self.unanswered += 1;
        }
        self.next_beat = Some(after(now, every));
        Due::Ping
    }

    /// Returns when to ask [`Self::on_time`] next, besides [`Self::end_check`]. It may be early, never late.
    pub(crate) fn deadline(&self, bounds: &Bounds) -> Option<Moment> {
        self.next_beat.into_iter().chain(self.idle_at(bounds)).min()
    }

    /// Returns when to look for the end of TCP, if we do not read.
    pub(crate) const fn end_check(&self) -> Option<Moment> {
        self.paused
    }

    fn idle_at(&self, bounds: &Bounds) -> Option<Moment> {
        bounds.idle_timeout.map(|limit| after(self.idle_since, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn liveness(change: impl FnOnce(&mut Bounds)) -> (Liveness, Bounds, Moment) {
        let mut bounds = Bounds {
            heartbeat_interval: Some(10 * SECOND),
            ..Bounds::default()
        };
        change(&mut bounds);
        let start = Moment::now();
        (Liveness::new(&bounds, start), bounds, start)
    }

    fn on_time(liveness: &mut Liveness, bounds: &Bounds, now: Moment) -> Due {
        liveness.on_time(bounds, now, Activity::default())
    }

    #[test]
    fn silent_peer_is_pinged_once_and_lost_after_two_heartbeats() {
        let (mut liveness, bounds, start) = liveness(|_| ());
        assert_eq!(liveness.deadline(&bounds), Some(start + 10 * SECOND));
        assert_eq!(on_time(&mut liveness, &bounds, start + 9 * SECOND), Due::Nothing);
        assert_eq!(on_time(&mut liveness, &bounds, start + 10 * SECOND), Due::Ping);
        assert_eq!(on_time(&mut liveness, &bounds, start + 19 * SECOND), Due::Nothing);
        assert_eq!(
            on_time(&mut liveness, &bounds, start + 20 * SECOND),
            Due::End(Ending::silent(CloseReason::HeartbeatTimeout))
        );
    }

    #[test]
    fn pong_keeps_the_peer_alive_but_not_from_being_idle() {
        let (mut liveness, bounds, start) = liveness(|bounds| bounds.idle_timeout = Some(15 * SECOND));
        assert_eq!(on_time(&mut liveness, &bounds, start + 10 * SECOND), Due::Ping);
        liveness.on_received(Received::Pong, start + 11 * SECOND);
        assert_eq!(on_time(&mut liveness, &bounds, start + 14 * SECOND), Due::Nothing);
        assert!(
            matches!(on_time(&mut liveness, &bounds, start + 15 * SECOND), Due::End(ending) if ending.reason == CloseReason::IdleTimeout)
        );
    }

    #[test]
    fn peer_is_pinged_anew_when_the_process_stood_still() {
        let (mut liveness, bounds, start) = liveness(|_| ());
        let resumed = start + 1000 * SECOND;
        assert_eq!(on_time(&mut liveness, &bounds, resumed), Due::Ping);
        assert_eq!(liveness.deadline(&bounds), Some(resumed + 10 * SECOND));
        let resumed_again = start + 2000 * SECOND;
        assert_eq!(on_time(&mut liveness, &bounds, resumed_again), Due::Ping);
        assert_eq!(
            on_time(&mut liveness, &bounds, resumed_again + 10 * SECOND),
            Due::End(Ending::silent(CloseReason::HeartbeatTimeout))
        );
    }

    #[test]
    fn peer_that_takes_bytes_is_alive_and_one_that_waits_for_us_is_not_idle() {
        let (mut liveness, bounds, start) = liveness(|bounds| bounds.idle_timeout = Some(15 * SECOND));
        for beat in 1..10 {
            let now = start + beat * 10 * SECOND;
            let activity = Activity {
                takes_bytes: true,
                worked_until: Some(now),
            };
            assert_eq!(liveness.on_time(&bounds, now, activity), Due::Nothing);
        }
    }

    #[test]
    fn silence_does_not_count_while_we_do_not_read() {
        let (mut liveness, bounds, start) = liveness(|bounds| bounds.idle_timeout = Some(15 * SECOND));
        liveness.pause(start);
        for beat in 1..100 {
            assert_eq!(on_time(&mut liveness, &bounds, start + beat * 10 * SECOND), Due::Ping);
        }
        liveness.resume(&bounds, start + 2000 * SECOND);
        assert_eq!(on_time(&mut liveness, &bounds, start + 2009 * SECOND), Due::Nothing);
        assert_eq!(on_time(&mut liveness, &bounds, start + 2010 * SECOND), Due::Ping);
    }

    #[test]
    fn rate_allows_its_burst_and_refills_steadily() {
        let (mut liveness, _, start) = liveness(|bounds| bounds.max_messages_per_second = Some(2));
        let mut send = |at| {
            matches!(
                liveness.on_received(Received::Message("x".into()), at),
                Action::Deliver(_)
            )
        };
        assert!(send(start) && send(start), "the burst of a second");
        assert!(send(start + SECOND / 2), "half a second gives one more");
        assert!(!send(start + SECOND / 2), "and not two");
    }

    #[test]
    fn rate_credits_the_time_in_which_nothing_was_read() {
        let (mut liveness, bounds, start) = liveness(|bounds| bounds.max_messages_per_second = Some(2));
        liveness.pause(start);
        let resumed = start + 3 * SECOND;
        liveness.resume(&bounds, resumed);
        let mut send = || matches!(liveness.on_received(Received::Pong, resumed), Action::Nothing);
        let allowed = std::iter::repeat_with(&mut send)
            .take(20)
            .filter(|allowed| *allowed)
            .count();
        assert_eq!(
            allowed,
            2 + 3 * 2,
            "the burst of a second, and what three seconds allow"
        );
    }

    #[test]
    fn rate_does_not_count_the_pongs_that_we_ask_for() {
        let (mut liveness, bounds, start) = liveness(|bounds| bounds.max_messages_per_second = Some(1));
        for beat in 1..10 {
            let now = start + beat * 10 * SECOND;
            assert_eq!(on_time(&mut liveness, &bounds, now), Due::Ping);
            for received in [Received::Pong, Received::Message("x".into())] {
                let action = liveness.on_received(received, now);
                assert!(!matches!(action, Action::End(_)), "{action:?}");
            }
            liveness.is_alive(&bounds, now);
        }
        let action = liveness.on_received(Received::Pong, start + 90 * SECOND);
        assert!(matches!(action, Action::End(_)), "{action:?}");
    }

    #[test]
    fn client_without_a_code_gets_1000_and_is_told_of_as_1005() {
        let (mut liveness, _, start) = liveness(|_| ());
        let close = Received::Close {
            code: None,
            reason: String::new(),
        };
        let Action::End(ending) = liveness.on_received(close, start) else {
            panic!("a Close ends the connection")
        };
        assert_eq!(ending.reason.code(), close_code::NO_STATUS);
        assert_eq!(ending.frame.map(|frame| frame.code()), Some(close_code::NORMAL));
    }
}
