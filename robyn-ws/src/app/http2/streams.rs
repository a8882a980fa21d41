//! The streams of one HTTP/2 connection.

use std::time::Duration;

use hyper::rt::Executor;
use tokio::{sync::watch, time::sleep};

use crate::{app::http2::answers::in_time, wire::write_task::WriteTask};

/// The streams of one connection, counted by their tasks: hyper runs a task for each request until its response is sent,
/// and another one for each WebSocket until it has ended.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    open: watch::Sender<usize>,
    /// How long a client may take nothing of an answer.
    send_timeout: Duration,
}

impl Streams {
    pub(super) fn new(send_timeout: Duration) -> Self {
        Self {
            open: watch::Sender::new(0),
            send_timeout,
        }
    }

    /// Waits until no stream has been open for so long. The limit is asked for anew after each stream.
    pub(super) async fn idle(&self, limit: impl Fn() -> Duration) {
        let mut open = self.open.subscribe();
        loop {
            // Neither fails, since this holds a sender.
            let _ = open.wait_for(|open| *open == 0).await;
            tokio::select! {
                () = sleep(limit()) => return,
                // Sees a stream, too, that has begun and ended meanwhile.
                _ = open.changed() => {}
            }
        }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, task: F) {
        let stream = Stream::begin(self);
        let task = WriteTask::of_request(in_time(task, self.send_timeout));
        let task = tokio::spawn(async move {
            task.await;
            drop(stream);
        });
        WriteTask::spawned(&task);
    }
}

/// A stream, counted until it is dropped.
struct Stream(Streams);

impl Stream {
    fn begin(streams: &Streams) -> Self {
        streams.open.send_modify(|open| *open += 1);
        Self(streams.clone())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}
