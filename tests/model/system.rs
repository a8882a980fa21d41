//! The system under test: an app in memory with its clients, which is compared with the oracle after every step.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use proptest_state_machine::StateMachineTest;
use robyn_ws::{
    HubEndpoint,
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

use crate::{
    app::{ENDPOINTS, Endings, Errand, SEND_TIMEOUT, Speaker, app},
    choice::Reference,
    oracle::{Client, Number, Oracle, Sight, Step},
    order::{Order, Room},
};

/// Longer than any `async_` call of one step takes together. The clock is paused, so the time goes by as soon as every
/// task waits, and not before.
const SETTLE: Duration = SEND_TIMEOUT.saturating_mul(20);

/// More than the socket in memory holds.
const PLUG: usize = 512 * 1024;

/// The test of an app in memory against the oracle.
#[derive(Debug)]
pub(crate) struct HubTest;

#[derive(Debug)]
pub(crate) struct System {
    runtime: Runtime,
    live: Live,
}

#[derive(Debug)]
struct Live {
    app: TestApp,
    endings: Endings,
    /// By number. Those that are gone have no socket.
    clients: Vec<(ConnectionId, Option<TestSocket>)>,
}

impl StateMachineTest for HubTest {
    type SystemUnderTest = System;
    type Reference = Reference;

    fn init_test(oracle: &Oracle) -> System {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let endings = Endings::default();
        System {
            runtime: runtime.expect("a runtime can be built"),
            live: Live {
                app: TestApp::new(app(oracle.overflow, endings.clone())),
                endings,
                clients: Vec::new(),
            },
        }
    }

    fn apply(mut system: System, oracle: &Oracle, step: Step) -> System {
        let System { runtime, live } = &mut system;
        runtime.block_on(async {
            live.take(step, oracle).await;
            sleep(SETTLE).await;
            live.read(oracle).await;
        });
        system
    }

    fn check_invariants(System { live, .. }: &System, oracle: &Oracle) {
        let mut all = 0;
        for endpoint in 0..ENDPOINTS.len() {
            all += live.compare_endpoint(endpoint, oracle);
        }
        assert_eq!(live.app.hub().count(), all, "the count of the whole hub");
        for (number, connection) in oracle.connections.iter().enumerate() {
            let expected = Vec::from_iter(connection.farewell());
            assert_eq!(
                live.endings.of(live.id(number)),
                expected,
                "the endings of connection {number}"
            );
        }
    }

    /// Everybody reads to the end, and then the app is drained.
    fn teardown(System { runtime, mut live }: System, mut oracle: Oracle) {
        runtime.block_on(async {
            let stalled = |number: &Number| oracle.connections[*number].client == Client::Stalled;
            for number in (0..oracle.connections.len()).filter(stalled).collect::<Vec<_>>() {
                oracle.take(&Step::Resume(number));
                live.read(&oracle).await;
            }
            // Those that have just seen their Close frame are no part of the drain.
            sleep(SETTLE).await;
            live.drain().await;
        });
    }
}

impl Live {
    fn id(&self, number: Number) -> ConnectionId {
        self.clients[number].0
    }

    fn socket(&mut self, number: Number) -> &mut TestSocket {
        let socket = self.clients[number].1.as_mut();
        socket.unwrap_or_else(|| panic!("client {number} is gone, and cannot do anything"))
    }

    fn endpoint(&self, endpoint: usize) -> HubEndpoint {
        self.app.hub().endpoint(ENDPOINTS[endpoint])
    }

    async fn take(&mut self, step: Step, oracle: &Oracle) {
        let turn = oracle.turn;
        match step {
            Step::Connect(endpoint) => self.connect(endpoint).await,
            Step::Ask(number, order) => {
                let order = order.map(&|number| self.id(number).to_string());
                self.socket(number).send_json(&Errand { turn, order }).await;
            }
            Step::AskHub(endpoint, order) => {
                let order: Order<ConnectionId> = order.map(&|number| self.id(number));
                let answer = Speaker::Hub(&self.endpoint(endpoint)).obey(turn, order).await;
                assert_eq!(Some(answer), oracle.hub_answer, "the hub's answer");
            }
            Step::Close(number, code) => self.socket(number).close_with(code, "").await,
            Step::Vanish(number) => {
                let socket = self.clients[number].1.take();
                socket.expect("it is there still").vanish();
            }
            Step::Stall(number) => {
                let endpoint = self.endpoint(oracle.connections[number].endpoint);
                let sent = endpoint.sync_send_to(self.id(number), vec![0; PLUG]);
                assert_eq!(sent, Ok(()), "a queue that is empty takes any message");
            }
            // Whoever reads again is read below, like all others.
            Step::Resume(_) => {}
        }
    }

    async fn connect(&mut self, endpoint: usize) {
        let connected = self.app.connect(ENDPOINTS[endpoint]).await;
        let mut socket = connected.expect("there is no reason to refuse it");
        let id = socket.receive_text().await.parse().expect("the greeting is an id");
        self.clients.push((id, Some(socket)));
    }

    /// Lets every client that reads see what is due, in its order, and nothing else.
    async fn read(&mut self, oracle: &Oracle) {
        for (number, connection) in oracle.connections.iter().enumerate() {
            if connection.client != Client::Reads {
                continue;
            }
            let socket = self.socket(number);
            for sight in &connection.due {
                match sight {
                    Sight::Text(text) => assert_eq!(socket.receive_text().await, *text, "to client {number}"),
                    Sight::Plug => assert_eq!(socket.receive_bytes().await.len(), PLUG, "to client {number}"),
                    Sight::Close(code) => socket.expect_close(*code).await,
                }
            }
            if connection.is_member() {
                socket.expect_silence(Duration::from_millis(1)).await;
            } else {
                self.clients[number].1 = None;
            }
        }
    }

    /// Compares what the hub says about an endpoint. Gives how many are there.
    fn compare_endpoint(&self, endpoint: usize, oracle: &Oracle) -> usize {
        let hub = self.endpoint(endpoint);
        let members: BTreeSet<_> = oracle.members(endpoint).map(|number| self.id(number)).collect();
        assert_eq!(hub.count(), members.len(), "the count of {}", ENDPOINTS[endpoint]);
        assert_eq!(
            BTreeSet::from_iter(hub.ids()),
            members,
            "the connections of {}",
            ENDPOINTS[endpoint]
        );
        assert_eq!(hub.ids().len(), members.len(), "nobody is there twice");

        let occupied: BTreeSet<Room> = oracle
            .members(endpoint)
            .flat_map(|number| &oracle.connections[number].rooms)
            .copied()
            .collect();
        assert_eq!(hub.room_count(), occupied.len(), "the rooms of {}", ENDPOINTS[endpoint]);
        for &room in &occupied {
            let expected = oracle.union(endpoint, &[room]).len();
            assert_eq!(hub.to(room.name()).count(), expected, "the count of {room:?}");
        }
        let dropped = u64::try_from(oracle.dropped[endpoint]).expect("few are dropped");
        assert_eq!(hub.counters().messages_dropped, dropped, "the messages dropped");
        members.len()
    }

    /// Drains the app, of which everybody who is there is told.
    async fn drain(&mut self) {
        let live = self.app.hub().count();
        let sockets = self.clients.iter_mut().filter_map(|(_, socket)| socket.as_mut());
        let farewells = join_all(sockets.map(|socket| socket.expect_close(1001)));
        let (drained, told) = tokio::join!(self.app.drain(SETTLE), farewells);
        assert_eq!(
            (drained.closed, drained.cut, told.len()),
            (live, 0, live),
            "a drain of all"
        );
        assert_eq!(self.app.hub().count(), 0, "nobody is there after a drain");
    }
}
