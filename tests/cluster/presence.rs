//! Who is in a room, on all nodes.

use std::time::{Duration, Instant};

use bytes::Bytes;
use robyn_ws::{Present, TrackError, prelude::*, test_util::TestApp};
use robyn_ws_tests::until;
use tokio::time::sleep;

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes, PATH, app, key},
};

/// How often nodes tell the versions of rooms: what is known sooner was asked for.
const DIGESTS: Duration = Duration::from_secs(10);

/// The people of a room as a node knows them: who, with how many connections, and the value.
pub(crate) fn people(nodes: &Nodes, node: usize, room: &str) -> Vec<(String, usize, String)> {
    let present = nodes.endpoint(node).to(room).presence().into_iter();
    let words = |present: Present| {
        let value = present.value::<String>().expect("a text");
        (present.identity().to_string(), present.connections(), value)
    };
    present.map(words).collect()
}

pub(crate) fn person(who: &str, connections: usize, value: &str) -> (String, usize, String) {
    (who.to_owned(), connections, value.to_owned())
}

/// Waits until a node knows these people.
pub(crate) async fn expect(nodes: &Nodes, node: usize, room: &str, expected: &[(String, usize, String)]) {
    let what = format!("node {node} to know {expected:?} in {room}");
    until(&what, || people(nodes, node, room) == expected).await;
}

pub(crate) async fn start(bus: &Bus, number: usize) -> Nodes {
    Nodes::start(bus, number, |app| app.backplane_key(key())).await
}

pub(crate) fn track(nodes: &Nodes, node: usize, id: ConnectionId, value: &str) {
    let connector = nodes.endpoint(node).connector(id).expect("it is open");
    connector.track("red", value).expect("it is in the room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_lists_each_person_once_with_the_newest_value_until_the_last_connection_leaves() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (ada, ada_id) = nodes.connect(0, "room=red&user=ada").await;
    let (ada_too, ada_too_id) = nodes.connect(1, "room=red&user=ada").await;
    let (_bob, bob_id) = nodes.connect(1, "room=red&user=bob").await;
    bus.wait_for_interests(2 * AT_START + 5).await;
    track(&nodes, 0, ada_id, "idle");
    track(&nodes, 1, bob_id, "typing");
    for node in 0..2 {
        expect(
            &nodes,
            node,
            "red",
            &[person("ada", 1, "idle"), person("bob", 1, "typing")],
        )
        .await;
    }
    // Values are compared by clocks.
    until("the clock to go on", || {
        track(&nodes, 1, ada_too_id, "typing");
        people(&nodes, 1, "red")[0] == person("ada", 2, "typing")
    })
    .await;
    expect(
        &nodes,
        0,
        "red",
        &[person("ada", 2, "typing"), person("bob", 1, "typing")],
    )
    .await;
    drop(ada_too);
    for node in 0..2 {
        expect(
            &nodes,
            node,
            "red",
            &[person("ada", 1, "idle"), person("bob", 1, "typing")],
        )
        .await;
    }
    drop(ada);
    expect(&nodes, 1, "red", &[person("bob", 1, "typing")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_comes_later_is_told_of_all_people_of_its_rooms() {
    const PEOPLE: usize = 200;
    let bus = Bus::default();
    let nodes = start(&bus, 1).await;
    let mut clients = Vec::new();
    for number in 0..PEOPLE {
        let (client, id) = nodes.connect(0, &format!("room=red&user=user-{number:03}")).await;
        // More than one envelope of them.
        track(&nodes, 0, id, &"x".repeat(500));
        clients.push(client);
    }
    let late = TestApp::new(app(&bus).backplane_key(key()));
    let mut client = late
        .connect(&format!("{PATH}?room=red&user=zoe"))
        .await
        .expect("it is accepted");
    let id = client.receive_text().await.parse().expect("an id");
    let endpoint = late.hub().endpoint(PATH);
    let connector = endpoint.connector(id).expect("it is open");
    connector.track("red", "late").expect("it is in the room");
    until("the late node to know all", || {
        endpoint.to("red").presence().len() == PEOPLE + 1
    })
    .await;
    until("the first to know of the late one", || {
        people_count(&nodes) == PEOPLE + 1
    })
    .await;
}

fn people_count(nodes: &Nodes) -> usize {
    nodes.endpoint(0).to("red").presence().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bus_has_lost_is_known_when_versions_are_told() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    let (_bob, bob) = nodes.connect(1, "room=red&user=bob").await;
    bus.wait_for_interests(2 * AT_START + 4).await;
    track(&nodes, 1, bob, "here");
    track(&nodes, 0, ada, "first");
    expect(&nodes, 1, "red", &[person("ada", 1, "first"), person("bob", 1, "here")]).await;
    bus.set_fault(|payload| {
        let is_lost = payload.windows(4).any(|bytes| bytes == b"lost");
        vec![payload; usize::from(!is_lost)]
    });
    let before = nodes.hub(0).backplane_counters().expect("a backplane").published;
    track(&nodes, 0, ada, "lost");
    until("it to be published", || {
        nodes.hub(0).backplane_counters().expect("a backplane").published > before
    })
    .await;
    bus.set_fault(|payload| vec![payload]);
    // By the next change, or in 10 s without one.
    track(&nodes, 0, ada, "third");
    expect(&nodes, 1, "red", &[person("ada", 1, "third"), person("bob", 1, "here")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_while_a_node_subscribes_is_known_when_it_has() {
    let started = Instant::now();
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    bus.wait_for_interests(2 * AT_START + 2).await;
    track(&nodes, 0, ada, "first");
    let gate = bus.hold_subscriptions();
    let (_bob, bob) = nodes.connect(1, "room=red&user=bob").await;
    track(&nodes, 1, bob, "here");
    expect(&nodes, 0, "red", &[person("ada", 1, "first"), person("bob", 1, "here")]).await;
    track(&nodes, 0, ada, "second");
    let told = |payload: &Bytes| payload.windows(6).any(|bytes| bytes == b"second");
    until("it to be told", || {
        bus.published().iter().any(|(_, payload)| told(payload))
    })
    .await;
    (0..2).for_each(|_| gate.open()); // The room and the identity may be two calls.
    expect(
        &nodes,
        1,
        "red",
        &[person("ada", 1, "second"), person("bob", 1, "here")],
    )
    .await;
    assert!(started.elapsed() < DIGESTS, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_whose_members_only_watch_is_told_of_the_people_when_it_asks() {
    let started = Instant::now();
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    track(&nodes, 0, ada, "here");
    let told = |payload: &Bytes| payload.windows(4).any(|bytes| bytes == b"here");
    until("it to be told", || {
        bus.published().iter().any(|(_, payload)| told(payload))
    })
    .await;
    let (_watcher, _) = nodes.connect(1, "room=red").await;
    expect(&nodes, 1, "red", &[person("ada", 1, "here")]).await;
    assert!(started.elapsed() < DIGESTS, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_leaves_no_twins_and_nobody_behind() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (ada, ada_id) = nodes.connect(0, "room=red&user=ada").await;
    let (_bob, bob) = nodes.connect(1, "room=red&user=bob").await;
    bus.wait_for_interests(2 * AT_START + 4).await;
    track(&nodes, 0, ada_id, "here");
    track(&nodes, 1, bob, "here");
    expect(&nodes, 1, "red", &[person("ada", 1, "here"), person("bob", 1, "here")]).await;
    bus.set_down(true);
    drop(ada);
    let (_carl, carl) = nodes.connect(0, "room=red&user=carl").await;
    track(&nodes, 0, carl, "here");
    until("ada to be gone", || nodes.endpoint(0).count() == 1).await;
    bus.set_down(false);
    for node in 0..2 {
        expect(
            &nodes,
            node,
            "red",
            &[person("bob", 1, "here"), person("carl", 1, "here")],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_drained_node_stay_for_a_while() {
    let bus = Bus::default();
    let nodes = start(&bus, 1).await;
    let (_bob, bob) = nodes.connect(0, "room=red&user=bob").await;
    track(&nodes, 0, bob, "here");
    let ending = TestApp::new(app(&bus).backplane_key(key()));
    let mut client = ending
        .connect(&format!("{PATH}?room=red&user=ada"))
        .await
        .expect("it is accepted");
    let id = client.receive_text().await.parse().expect("an id");
    let connector = ending.hub().endpoint(PATH).connector(id).expect("it is open");
    connector.track("red", "here").expect("it is in the room");
    let both = [person("ada", 1, "here"), person("bob", 1, "here")];
    expect(&nodes, 0, "red", &both).await;
    ending.drain(Duration::from_secs(5)).await;
    assert_eq!(ending.hub().count(), 0);
    // Longer than changes are gathered.
    sleep(Duration::from_millis(300)).await;
    assert_eq!(people(&nodes, 0, "red"), both);
}

#[tokio::test]
async fn people_are_tracked_without_a_backplane_too_and_only_members_with_an_identity() {
    let alone = TestApp::new(crate::nodes::alone());
    let connect = async |query: &str| {
        let mut client = alone.connect(&format!("{PATH}?{query}")).await.expect("it is accepted");
        let id: ConnectionId = client.receive_text().await.parse().expect("an id");
        (client, alone.hub().endpoint(PATH).connector(id).expect("it is open"))
    };
    let (client, ada) = connect("room=red&user=ada").await;
    let (_nobody, nobody) = connect("room=red").await;
    let error = nobody.track("red", "x").expect_err("it has no identity");
    assert!(matches!(error, TrackError::NotIdentified));
    assert_eq!(format!("{error:?}"), error.to_string(), "it prints readably");
    assert!(matches!(ada.track("blue", "x"), Err(TrackError::NotMember)));
    let long = ada.track("red", &"x".repeat(2000));
    assert!(
        matches!(
            long,
            Err(TrackError::TooLong {
                bytes: 2002,
                limit: 1024
            })
        ),
        "{long:?}"
    );
    ada.track("red", &[1, 2]).expect("it is in the room");
    let present = alone.hub().endpoint(PATH).to("red").to("blue").presence();
    assert_eq!(present.len(), 1);
    assert_eq!(present[0].value::<[u8; 2]>().expect("two numbers"), [1, 2]);
    assert!(!format!("{present:?}").contains("ada"), "{present:?}");
    ada.identify("ada lovelace");
    let present = alone.hub().endpoint(PATH).to("red").presence();
    assert_eq!(present[0].identity().as_str(), "ada lovelace");
    ada.leave("red");
    assert!(alone.hub().endpoint(PATH).to("red").presence().is_empty());
    drop(client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_nodes_that_are_not_trusted_are_not_listed() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    let (_bob, bob) = nodes.connect(1, "room=red&user=bob").await;
    bus.wait_for_interests(2 * AT_START + 4).await;
    track(&nodes, 0, ada, "here");
    track(&nodes, 1, bob, "here");
    until("it to be ignored", || {
        nodes.hub(1).backplane_counters().expect("a backplane").ignored > 0
    })
    .await;
    assert_eq!(people(&nodes, 1, "red"), [person("bob", 1, "here")]);
}
