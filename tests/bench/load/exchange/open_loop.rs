//! The load at a fixed rate, whatever the server does.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::event::Timespec;

use super::{Counted, EVENTS, Exchange, PATIENCE};

const NO_WAITING: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Times that are evenly spaced, at which publications are due.
struct Schedule {
    next: Instant,
    interval: Duration,
    left: usize,
}

impl Schedule {
    /// The next one, if it has come.
    fn take_due(&mut self, now: Instant) -> Option<Instant> {
        let due = self.next;
        if self.left == 0 || now < due {
            return None;
        }
        self.next += self.interval;
        self.left -= 1;
        Some(due)
    }
}

impl Exchange {
    /// Publishes so many at a fixed rate per second, whether or not anything has come for the ones before, to one group
    /// after the other. [`Shape::in_flight`] must have room for all of them.
    ///
    /// It does not sleep before it has published the last: a timer would be late by about what is measured.
    pub(crate) fn run_at(&mut self, rate: u32, publications: usize) -> Result<Counted> {
        let mut counted = Counted::nothing()?;
        let started = Instant::now();
        let mut schedule = Schedule {
            next: started,
            interval: Duration::from_secs(1) / rate,
            left: publications,
        };
        let mut events = Vec::with_capacity(EVENTS);
        while schedule.left > 0 || self.expects_more(&counted) {
            self.publish_due(&mut schedule, &mut counted)?;
            let timeout = if schedule.left > 0 { NO_WAITING } else { PATIENCE };
            self.wait(&mut events, &timeout, &counted)?;
            for event in &events {
                self.on_event(usize::try_from(event.data.u64())?, event.flags, &mut counted)?;
                self.publish_due(&mut schedule, &mut counted)?;
            }
        }
        counted.took = started.elapsed();
        Ok(counted)
    }

    fn publish_due(&mut self, schedule: &mut Schedule, counted: &mut Counted) -> Result<()> {
        let now = Instant::now();
        while let Some(due) = schedule.take_due(now) {
            let late = now.duration_since(due);
            counted.lateness.saturating_record(u64::try_from(late.as_nanos())?);
            let group = self.next_group();
            self.publish(group, due, counted);
        }
        self.pay()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{TcpListener, TcpStream},
        thread,
    };

    use robyn_ws_bench::{client_frame, server_frame};

    use super::*;
    use crate::exchange::{Next, Shape};

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn who_asks_late_gets_the_times_at_which_things_were_due() {
        let started = Instant::now();
        let mut schedule = Schedule {
            next: started,
            interval: MILLISECOND,
            left: 3,
        };
        let mut due_after = |time: u32| {
            let due = schedule.take_due(started + time * MILLISECOND)?;
            Some(due.duration_since(started).as_millis())
        };
        let times = [0, 0, 50, 50, 50].map(&mut due_after);
        assert_eq!(times, [Some(0), None, Some(1), Some(2), None]);
    }

    /// A server that answers nothing until it has been asked everything.
    #[test]
    fn nothing_is_waited_for_and_latency_begins_when_a_message_is_due() {
        const MESSAGES: usize = 20;
        let (request, answer) = (client_frame(b"Hello"), server_frame(b"Hello"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nonblocking(true).unwrap();
        let (mut asked, answers) = (vec![0; MESSAGES * request.len()], answer.repeat(MESSAGES));
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.read_exact(&mut asked).unwrap();
            socket.write_all(&answers).unwrap();
            socket
        });
        let shape = Shape {
            groups: 1,
            group_size: 1,
            publishers: 1,
            in_flight: MESSAGES,
            next: Next::Other,
        };
        let mut exchange = Exchange::new(vec![client], shape, &request, &answer).unwrap();
        let counted = exchange.run_at(1_000, MESSAGES).unwrap();
        let _open = server.join().unwrap();
        assert_eq!((counted.published, counted.delivered), (MESSAGES, MESSAGES));
        // The last is due 19 ms after the first.
        assert!(counted.latency.max() >= 19_000_000, "{:?}", counted.latency.max());
        assert_eq!(counted.lateness.len(), MESSAGES as u64);
    }
}
