//! The app of these tests, on several nodes.

use robyn_ws::{
    BackplaneKey,
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use serde::Deserialize;

use crate::bus::Bus;

pub(crate) const PATH: &str = "/cluster";

static CLUSTER: SubRouter = SubRouter::new(PATH);

#[derive(Deserialize)]
struct Who {
    user: Option<String>,
    room: Option<String>,
}

#[websocket("/", on = "connect", router = CLUSTER)]
fn connect(ws: &WebSocketConnector, Query(who): Query<Who>) -> String {
    if let Some(user) = who.user {
        ws.identify(user);
    }
    for room in who.room.iter().flat_map(|rooms| rooms.split(' ')) {
        ws.join(room);
    }
    ws.id().to_string()
}

/// `everyone text`, `others text`, `to room text`, `keyed key text`.
#[websocket("/", on = "message", router = CLUSTER)]
fn message(ws: &WebSocketConnector, msg: &str) {
    let (word, rest) = msg.split_once(' ').expect("a word and more");
    match word {
        "everyone" => ws.sync_broadcast(rest),
        "others" => ws.others().sync_broadcast(rest),
        "to" => {
            let (room, text) = rest.split_once(' ').expect("a room and a text");
            ws.to(room).sync_broadcast(text)
        }
        other => panic!("{other} is no word of these tests"),
    };
}

/// An app without settings but those of its backplane.
pub(crate) fn app(bus: &Bus) -> App {
    alone().backplane(bus.node())
}

/// The same app without a backplane.
pub(crate) fn alone() -> App {
    App::new().include_router(&CLUSTER)
}

pub(crate) fn key() -> BackplaneKey {
    BackplaneKey::new("a secret of these tests")
}

/// The nodes of one app.
pub(crate) struct Nodes(Vec<TestApp>);

/// Subscriptions that each node has from its start: that of all nodes, its own, and that of the endpoint.
pub(crate) const AT_START: usize = 3;

impl Nodes {
    /// Starts nodes, and waits until each can be reached.
    pub(crate) async fn start(bus: &Bus, number: usize, settings: impl Fn(App) -> App) -> Self {
        let nodes = (0..number).map(|_| TestApp::new(settings(app(bus)))).collect();
        bus.wait_for_interests(AT_START * number).await;
        Self(nodes)
    }

    pub(crate) fn hub(&self, node: usize) -> &Hub {
        self.0[node].hub()
    }

    pub(crate) fn endpoint(&self, node: usize) -> HubEndpoint {
        self.hub(node).endpoint(PATH)
    }

    /// Connects a client to a node. Returns it with its id.
    pub(crate) async fn connect(&self, node: usize, query: &str) -> (TestSocket, ConnectionId) {
        let target = format!("{PATH}?{query}");
        let mut client = self.0[node].connect(&target).await.expect("it is accepted");
        let id = client.receive_text().await.parse().expect("an id");
        (client, id)
    }
}
