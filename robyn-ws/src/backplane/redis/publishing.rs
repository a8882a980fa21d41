//! What is published over one connection.
//!
//! Everything that waits is one batch, and the next batch leaves when the server has answered. A payload on the way holds
//! its share of a window, so the number of bytes that could arrive late is small, and all of the window is free when the
//! server has taken everything.

use std::{future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{Pipeline, ServerError, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use crate::{backplane::BackplaneError, util::sync::Mutex};

/// Time between two questions whether an idle server lives.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(1);

/// Number of bytes that are published and not confirmed. A payload that is larger goes alone. A server that was stopped
/// takes them when it goes on, and is through with so few before the nodes have subscribed again.
const WINDOW: u32 = 256 * 1024;

/// The share of the window that a payload takes besides its bytes, for its channel and the memory around it.
const OVERHEAD: u32 = 256;

/// Number of payloads that are published and not confirmed.
const MOST: usize = (WINDOW / OVERHEAD) as usize;

/// Where payloads are published, as long as the connection stands.
#[derive(Debug)]
pub(super) struct Publishing {
    queue: mpsc::Sender<Published>,
    window: Arc<Semaphore>,
    refused: Arc<Mutex<Refused>>,
}

/// The end of the queue that is at the connection.
#[derive(Debug)]
pub(super) struct Publisher {
    connection: MultiplexedConnection,
    queue: mpsc::Receiver<Published>,
    window: Arc<Semaphore>,
    refused: Arc<Mutex<Refused>>,
}

#[derive(Debug)]
struct Published {
    channel: String,
    payload: Bytes,
    _share: OwnedSemaphorePermit,
}

/// The payloads that the server has refused, of which nobody was told yet.
#[derive(Debug, Default)]
struct Refused {
    number: u64,
    last: Option<ServerError>,
}

/// Creates both ends of a queue.
pub(super) fn over(connection: MultiplexedConnection) -> (Publishing, Publisher) {
    let (sender, queue) = mpsc::channel(MOST);
    let window = Arc::new(Semaphore::new(WINDOW as usize));
    let refused = Arc::default();
    let publishing = Publishing {
        queue: sender,
        window: Arc::clone(&window),
        refused: Arc::clone(&refused),
    };
    let publisher = Publisher {
        connection,
        queue,
        window,
        refused,
    };
    (publishing, publisher)
}

impl Publishing {
    /// Queues a payload when there is room.
    pub(super) async fn publish(&self, channel: String, payload: Bytes) -> Result<(), BackplaneError> {
        let length = u32::try_from(payload.len()).unwrap_or(WINDOW);
        let share = length.saturating_add(OVERHEAD).min(WINDOW);
        let share = self.window.clone().acquire_many_owned(share).await;
        let published = Published {
            channel,
            payload,
            _share: share.map_err(|_closed| BackplaneError::Disconnected)?,
        };
        let queued = self.queue.send(published).await;
        queued.map_err(|_closed| BackplaneError::Disconnected)?;
        self.refused.lock().tell()
    }

    /// Waits until the server has taken everything.
    pub(super) async fn flush(&self) -> Result<(), BackplaneError> {
        let all = self.window.acquire_many(WINDOW).await;
        drop(all.map_err(|_closed| BackplaneError::Disconnected)?);
        self.refused.lock().tell()
    }
}

impl Publisher {
    /// Publishes, and asks an idle server whether it lives. Returns why the connection is lost.
    pub(super) async fn run(mut self) -> redis::RedisError {
        let mut batch = Vec::new();
        loop {
            let answered = match timeout(PING_INTERVAL, self.queue.recv_many(&mut batch, MOST)).await {
                Ok(0) => pending().await, // The backplane was dropped, and this task ends.
                Ok(_) => self.publish(&batch).await,
                Err(_elapsed) => ping(&mut self.connection).await,
            };
            if let Err(error) = answered {
                return error;
            }
            batch.clear();
        }
    }

    async fn publish(&mut self, batch: &[Published]) -> Result<(), redis::RedisError> {
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for Published { channel, payload, .. } in batch {
            pipeline.cmd("PUBLISH").arg(channel).arg(&**payload);
        }
        let answers = self.connection.send_packed_commands(&pipeline, 0, batch.len()).await?;
        for answer in answers {
            if let Value::ServerError(error) = answer {
                self.refused.lock().add(error);
            }
        }
        Ok(())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.window.close(); // Callers that wait for room do not wait any longer.
    }
}

impl Refused {
    fn add(&mut self, error: ServerError) {
        self.number += 1;
        self.last = Some(error);
    }

    /// Returns the error of one refused payload, once for each.
    fn tell(&mut self) -> Result<(), BackplaneError> {
        if self.number == 0 {
            return Ok(());
        }
        self.number -= 1;
        match &self.last {
            Some(error) => Err(BackplaneError::failed(redis::RedisError::from(error.clone()))),
            None => Ok(()),
        }
    }
}

/// Waits for any answer of the server: one that refuses the command, or that is still loading its data, lives as well.
pub(super) async fn ping(connection: &mut MultiplexedConnection) -> Result<(), redis::RedisError> {
    connection.send_packed_command(&redis::cmd("PING")).await.map(drop)
}
