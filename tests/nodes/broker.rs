//! The brokers that nodes meet over.

use futures_util::future::join;
use robyn_ws_tests::{NatsServer, RedisServer};

/// A server that runs, of either kind.
pub(crate) enum Broker {
    Nats(NatsServer),
    Redis(RedisServer),
}

impl Broker {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Nats(server) => server.url(),
            Self::Redis(server) => server.url(),
        }
    }

    pub(crate) fn stop(&self) {
        match self {
            Self::Nats(server) => server.stop(),
            Self::Redis(server) => server.stop(),
        }
    }

    pub(crate) fn go_on(&self) {
        match self {
            Self::Nats(server) => server.go_on(),
            Self::Redis(server) => server.go_on(),
        }
    }
}

/// Runs a test over each kind of broker that is installed, at the same time.
pub(crate) async fn over_each(test: impl AsyncFn(Broker)) {
    let over_nats = async {
        if let Some(server) = NatsServer::start().await {
            Box::pin(test(Broker::Nats(server))).await;
        }
    };
    let over_redis = async {
        if let Some(server) = RedisServer::start("").await {
            Box::pin(test(Broker::Redis(server))).await;
        }
    };
    join(over_nats, over_redis).await;
}
