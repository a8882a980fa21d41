//! The app of these tests, on several nodes.

use std::time::Duration;

use robyn_ws::{
    Health,
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::{RedisServer, until};
use serde::Deserialize;

pub(crate) const PATH: &str = "/redis";

static REDIS: SubRouter = SubRouter::new(PATH);

#[derive(Deserialize)]
struct Which {
    /// Number of rooms to be in: `room0`, `room1`, ..
    rooms: usize,
}

#[websocket("/", on = "connect", router = REDIS)]
fn connect(ws: &WebSocketConnector, Query(which): Query<Which>) -> String {
    for number in 0..which.rooms {
        ws.join(format!("room{number}"));
    }
    ws.id().to_string()
}

/// The nodes of one app.
pub(crate) struct Nodes(Vec<TestApp>);

/// Subscriptions that each node has from its start: that of all nodes, its own, and that of the endpoint.
pub(crate) const AT_START: usize = 3;

impl Nodes {
    /// Starts nodes, and waits until each can be reached.
    pub(crate) async fn start(server: &RedisServer, number: usize) -> Self {
        let nodes = Self::start_with(number, async || {
            Redis::connect(server.url()).await.expect("it is there")
        })
        .await;
        server.wait_for_subscriptions(AT_START * number, 0).await;
        nodes
    }

    /// Starts nodes, and does not wait.
    pub(crate) async fn start_with(number: usize, redis: impl AsyncFn() -> Redis) -> Self {
        let limits = Limits::default()
            .max_outbound_messages(2000)
            .max_outbound_bytes(64 * 1024 * 1024)
            .max_rooms_per_connection(20_000);
        let mut nodes = Vec::new();
        for _ in 0..number {
            let app = App::new().include_router(&REDIS).limits(limits.clone());
            nodes.push(TestApp::new(app.backplane(redis().await)));
        }
        Self(nodes)
    }

    pub(crate) fn hub(&self, node: usize) -> &Hub {
        self.0[node].hub()
    }

    pub(crate) fn endpoint(&self, node: usize) -> HubEndpoint {
        self.hub(node).endpoint(PATH)
    }

    /// Connects a client to a node. Returns it with its id.
    pub(crate) async fn connect(&self, node: usize, rooms: usize) -> (TestSocket, ConnectionId) {
        let target = format!("{PATH}?rooms={rooms}");
        let mut client = self.0[node].connect(&target).await.expect("it is accepted");
        let id = client.receive_text().await.parse().expect("an id");
        (client, id)
    }

    /// Drains all nodes, and drops them.
    pub(crate) async fn end(self) {
        for app in self.0 {
            app.drain(Duration::from_secs(10)).await;
        }
    }

    /// Waits until all nodes say so.
    pub(crate) async fn until(&self, health: Health) {
        let is_so = |app: &TestApp| app.hub().backplane_health() == Some(health);
        until(&format!("{health:?}"), || self.0.iter().all(is_so)).await;
    }
}
