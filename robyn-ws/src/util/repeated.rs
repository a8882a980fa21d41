//! Events that clients can repeat as often as they want, of which the log has only some.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, time::sleep_until};

use crate::util::{
    log,
    sync::Mutex,
    time::{Moment, after},
};

/// The time between two warnings of one kind. Of a storm, a log has six lines a minute then.
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);

/// Events of one kind. The first one is for the log. Those of the interval behind it are counted, and the number is for the
/// log at the end of the interval, which begins the next one.
#[derive(Debug, Default)]
pub(crate) struct Repeated(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The end of the interval.
    until: Option<Moment>,
    /// The number of events that are not in the log yet. While it is not 0, a [`Reporter`] lives.
    more: u64,
}

impl Repeated {
    /// Returns `true` if the event is for the log. Otherwise `report` gets the number of such events, 10 s later at most.
    pub(crate) fn is_first(self: &Arc<Self>, report: impl FnOnce(u64) + Send + 'static) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return true; // No server runs outside of a runtime.
        };
        let now = Moment::now();
        let mut state = self.0.lock();
        let until = state.until.filter(|until| now < *until || state.more > 0);
        let Some(until) = until else {
            state.until = Some(after(now, INTERVAL));
            return true;
        };
        state.more += 1;
        let needs_reporter = state.more == 1;
        // A runtime that ends drops the task at once, and the reporter takes the lock.
        drop(state);
        if needs_reporter {
            let reporter = Reporter {
                of: self.clone(),
                report: Some(report),
            };
            runtime.spawn(async move {
                sleep_until(until.into()).await;
                drop(reporter);
            });
        }
        false
    }
}

/// Reports the number of events when it is dropped: at the end of the interval, or when the runtime ends.
struct Reporter<R: FnOnce(u64)> {
    of: Arc<Repeated>,
    report: Option<R>,
}

impl<R: FnOnce(u64)> Drop for Reporter<R> {
    fn drop(&mut self) {
        let more = {
            let mut state = self.of.0.lock();
            state.until = Some(after(Moment::now(), INTERVAL));
            std::mem::take(&mut state.more)
        };
        if let Some(report) = self.report.take() {
            log::guard(|| report(more));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use tokio::time::{Instant, advance, sleep};

    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    /// Repeats an event, and returns how many of its occurrences are for the log.
    fn repeat(times: u64, events: &Arc<Repeated>, reports: &SyncSender<u64>) -> usize {
        let is_first = |_| {
            let reports = reports.clone();
            events.is_first(move |more| reports.send(more).expect("the test waits"))
        };
        (0..times).filter(|time| is_first(*time)).count()
    }

    fn events() -> (Arc<Repeated>, SyncSender<u64>, Receiver<u64>) {
        let (sender, receiver) = sync_channel(100);
        (Arc::default(), sender, receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn first_event_is_for_the_log_and_the_others_are_counted_in_each_interval() {
        let (events, sender, reports) = events();
        assert_eq!(repeat(1000, &events, &sender), 1);
        let start = Instant::now();
        for interval in 1..=3 {
            let end = start + interval * INTERVAL;
            sleep_until(end - MOMENT).await;
            assert!(reports.try_recv().is_err(), "the interval is not over");
            sleep_until(end + MOMENT).await;
            assert_eq!(reports.try_recv(), Ok(999));
            assert_eq!(repeat(999, &events, &sender), 0, "the report was a line, too");
        }
        sleep(2 * INTERVAL).await;
        assert_eq!(reports.try_recv(), Ok(999));
        assert_eq!(repeat(1, &events, &sender), 1, "it was quiet for an interval");
        sleep(2 * INTERVAL).await;
        assert!(reports.try_recv().is_err(), "there is nothing to report");
    }

    #[tokio::test(start_paused = true)]
    async fn event_at_the_end_of_the_interval_is_not_lost() {
        let (events, sender, reports) = events();
        assert_eq!(repeat(2, &events, &sender), 1);
        // The reporter has not been polled since.
        advance(INTERVAL).await;
        let first = repeat(1, &events, &sender);
        sleep(2 * INTERVAL).await;
        assert_eq!(first as u64 + reports.try_iter().sum::<u64>(), 2);
    }

    /// Repeats an event when it is dropped.
    struct AtTheEnd(Arc<Repeated>, SyncSender<u64>);

    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            repeat(2, &self.0, &self.1);
        }
    }

    #[test]
    fn number_is_reported_though_the_event_comes_when_the_runtime_ends() {
        let (events, sender, reports) = events();
        let ending = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(async {
                let at_the_end = AtTheEnd(events, sender);
                tokio::spawn(async move {
                    let _at_the_end = at_the_end;
                    std::future::pending::<()>().await;
                });
                tokio::task::yield_now().await;
            });
            drop(runtime);
        });
        assert_eq!(reports.recv_timeout(Duration::from_secs(30)), Ok(1));
        ending.join().expect("it ends");
    }

    #[test]
    fn number_is_reported_when_the_runtime_ends() {
        let (events, sender, reports) = events();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(async { assert_eq!(repeat(6, &events, &sender), 1) });
        drop(runtime);
        assert_eq!(reports.try_recv(), Ok(5));
    }
}
