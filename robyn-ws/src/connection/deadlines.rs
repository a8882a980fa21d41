//! The actions of a connection at its deadlines: pings, timeouts, and its expiry.

use std::{mem::replace, task::Context};

use tokio::time::{Instant, sleep_until};

use crate::{
    connection::{
        driver::{Doubt, Driver},
        liveness::{Activity, Due},
    },
    types::close::Ending,
    util::time::{Moment, TIMER_GRACE, after},
    wire::frame::Frame,
};

impl Driver {
    /// Takes the actions that are due. Returns `true` if there were any, or if one was postponed. Otherwise the task is woken
    /// at the next deadline.
    pub(super) fn poll_time(&mut self, cx: &mut Context<'_>, handler_runs: bool) -> bool {
        if let Doubt::Until(look) = &mut self.doubt
            && self.stage.is_open()
        {
            let has_looked = look.as_mut().poll(cx).is_ready();
            if has_looked {
                // First, read and write what the runtime has seen by now.
                self.doubt = Doubt::Settled;
            }
            return has_looked;
        }
        let is_due = matches!(self.doubt, Doubt::Settled) || self.live.alarm.has_fired() || self.poll_timer(cx);
        if !is_due {
            return false;
        }
        self.on_time(Moment::now(), handler_runs);
        self.live.alarm.set(self.liveness.deadline(&self.endpoint.bounds));
        true
    }

    /// Returns `true` if a deadline may have passed that is too soon, or too rare, for an alarm.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let pressing = if self.stage.is_open() {
            earlier(
                earlier(self.stall_over(), self.liveness.end_check()),
                self.live.mailbox.expiry(),
            )
        } else {
            self.stage.deadline()
        };
        if let Some(deadline) = pressing.map(Instant::from) {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            // A later deadline is looked up when the timer fires.
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
        }
        let Some(timer) = &mut self.timer else { return false };
        let has_fired = timer.as_mut().poll(cx).is_ready();
        if has_fired {
            self.timer = None;
        }
        has_fired
    }

    fn on_time(&mut self, now: Moment, handler_runs: bool) {
        let is_settled = matches!(replace(&mut self.doubt, Doubt::None), Doubt::Settled);
        if !self.stage.is_open() {
            return;
        }
        if self.live.mailbox.expiry().is_some_and(|expiry| now >= expiry) {
            return self.close(Ending::expired(self.endpoint.bounds.expired_code));
        }
        match self.judge(now, handler_runs) {
            Some(ending) if is_settled => self.close(ending),
            Some(_) => {
                let look = after(now, TIMER_GRACE);
                self.doubt = Doubt::Until(Box::pin(sleep_until(look.into())));
            }
            None => {}
        }
    }

    /// Takes the actions that are due at `now`. Returns an ending if the peer is out of time.
    fn judge(&mut self, now: Moment, handler_runs: bool) -> Option<Ending> {
        let progress = self.live.mailbox.progress();
        let takes_bytes = replace(&mut self.progress, progress) != progress;
        if takes_bytes {
            self.stalled = self.stalled.map(|_| now);
        }
        if self.stall_over().is_some_and(|over| now >= over) {
            return Some(Ending::slow_consumer());
        }
        let activity = Activity {
            takes_bytes,
            worked_until: self.inbox.worked_until(handler_runs, now),
        };
        match self.liveness.on_time(&self.endpoint.bounds, now, activity) {
            Due::Nothing => {}
            Due::Ping => self.control(Frame::ping()),
            Due::End(ending) => return Some(ending),
        }
        None
    }

    fn stall_over(&self) -> Option<Moment> {
        self.stalled
            .map(|since| after(since, self.endpoint.bounds.send_timeout))
    }
}

fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}
