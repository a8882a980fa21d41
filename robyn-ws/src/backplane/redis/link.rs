//! A pair of connections to the server: one that publishes, and one with the subscriptions.
//!
//! What others publish does not delay what this node publishes, and a server that cuts off a slow subscriber still answers
//! the publisher. When one of them is lost, both are opened anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, aio::MultiplexedConnection};
use tokio::{select, sync::Notify, time::sleep, try_join};

use crate::{
    backplane::{
        BackplaneError,
        redis::{
            publishing::{self, PING_INTERVAL, Publisher, Publishing, ping},
            pushes::Pushes,
        },
    },
    types::redis_error::explained,
    util::random,
};

/// Time in which the server has to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Time for an attempt to connect, handshakes included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The first and the longest time between two attempts to connect. Each is shortened by up to a half, so that the nodes
/// do not come back in one moment.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Number of channels in one command.
const CHANNELS: usize = 500;

/// The longest payload, if the server does not say that it takes less. By default, a Redis server keeps 32 MiB for a
/// subscriber that does not read, and then disconnects it: four such payloads.
pub(super) const MAX_PAYLOAD: usize = 8 * 1024 * 1024;

/// The server's setting for the longest argument of a command.
const MAX_ARGUMENT: &str = "proto-max-bulk-len";

/// What a node does over a pair of connections.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) publishing: Publishing,
    listening: MultiplexedConnection,
    pub(super) max_payload: usize,
}

/// What keeps a pair of connections going.
#[derive(Debug)]
pub(super) struct Upkeep {
    publisher: Publisher,
    listening: MultiplexedConnection,
    pushes: Arc<Pushes>,
    lost: Arc<Notify>,
}

/// A kind of command that changes the subscriptions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Subscribe,
    Unsubscribe,
}

impl Link {
    /// Opens both connections.
    pub(super) async fn open(client: &Client, pushes: &Arc<Pushes>) -> Result<(Arc<Self>, Upkeep), RedisError> {
        let opened = Self::open_both(client, pushes).await;
        opened.map_err(|error| explained(error, client.get_connection_info().addr()))
    }

    async fn open_both(client: &Client, pushes: &Arc<Pushes>) -> Result<(Arc<Self>, Upkeep), RedisError> {
        let lost = Arc::new(Notify::new());
        let config = |pushes: Option<Arc<Pushes>>| {
            let lost = lost.clone();
            AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(ANSWER_TIMEOUT))
                .set_push_sender(move |info: PushInfo| {
                    match &pushes {
                        _ if info.kind == PushKind::Disconnection => lost.notify_one(),
                        Some(pushes) => pushes.take(info),
                        None => {}
                    }
                    Ok::<_, redis::aio::SendError>(())
                })
        };
        let (publishing, listening) = (config(None), config(Some(pushes.clone())));
        let (mut publishing, listening) = try_join!(
            client.get_multiplexed_async_connection_with_config(&publishing),
            client.get_multiplexed_async_connection_with_config(&listening),
        )?;
        let max_payload = max_payload(&mut publishing).await?;
        let (publishing, publisher) = publishing::over(publishing);
        let link = Self {
            publishing,
            listening: listening.clone(),
            max_payload,
        };
        let upkeep = Upkeep {
            publisher,
            listening,
            pushes: pushes.clone(),
            lost,
        };
        Ok((Arc::new(link), upkeep))
    }

    /// Changes the subscriptions to channels and patterns, and waits until the server has done it.
    pub(super) async fn change(
        &self,
        change: Change,
        channels: &[String],
        patterns: &[String],
    ) -> Result<(), BackplaneError> {
        let mut connection = self.listening.clone();
        for channels in channels.chunks(CHANNELS) {
            match change {
                Change::Subscribe => connection.subscribe(channels).await,
                Change::Unsubscribe => connection.unsubscribe(channels).await,
            }
            .map_err(failure)?;
        }
        for patterns in patterns.chunks(CHANNELS) {
            match change {
                Change::Subscribe => connection.psubscribe(patterns).await,
                Change::Unsubscribe => connection.punsubscribe(patterns).await,
            }
            .map_err(failure)?;
        }
        Ok(())
    }
}

impl Upkeep {
    /// Keeps the connections going until one is lost. Returns why, if the client says it.
    pub(super) async fn run(mut self) -> Option<RedisError> {
        select! {
            error = self.publisher.run() => Some(error),
            error = watch(&mut self.listening, &self.pushes) => Some(error),
            () = self.lost.notified() => None,
        }
    }
}

/// Asks the server whether it lives, until it does not. The answer comes behind all that is pushed, so pushes are signs of
/// life as well.
async fn watch(connection: &mut MultiplexedConnection, pushes: &Pushes) -> RedisError {
    loop {
        sleep(PING_INTERVAL).await;
        let heard = pushes.heard();
        match ping(connection).await {
            Err(error) if !error.is_timeout() || heard == pushes.heard() => return error,
            _ => {}
        }
    }
}

/// The times between attempts to connect.
#[derive(Debug)]
pub(super) struct Delays(Duration);

impl Delays {
    pub(super) const fn new() -> Self {
        Self(FIRST_DELAY)
    }

    /// Waits until it is time for the next attempt.
    pub(super) async fn wait(&mut self) {
        let delay = self.0;
        self.0 = (2 * delay).min(LONGEST_DELAY);
        sleep(delay / 2 + random::time_below(delay / 2)).await;
    }

    /// Begins anew behind a connection that has lasted. A server that accepts connections and ends them is not asked more
    /// often than one that is not there.
    pub(super) fn lasted(&mut self, time: Duration) {
        if time >= LONGEST_DELAY {
            self.0 = FIRST_DELAY;
        }
    }
}

/// Asks the server for the longest argument that it takes. Many servers do not tell it, and take 512 MiB.
async fn max_payload(connection: &mut MultiplexedConnection) -> Result<usize, RedisError> {
    let mut question = redis::cmd("CONFIG");
    question.arg("GET").arg(MAX_ARGUMENT);
    let answer = connection.send_packed_command(&question).await?;
    let answer: HashMap<String, usize> = redis::from_redis_value(answer).unwrap_or_default();
    Ok(answer
        .get(MAX_ARGUMENT)
        .map_or(MAX_PAYLOAD, |most| MAX_PAYLOAD.min(*most)))
}

/// Tells an answer of the server from the loss of the connection.
fn failure(error: RedisError) -> BackplaneError {
    match error.code() {
        Some(_) => BackplaneError::failed(error),
        None => BackplaneError::Disconnected,
    }
}
