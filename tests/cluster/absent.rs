//! Who is in a room, for a node that has nobody there, and after a node has ended.

use std::time::{Duration, Instant};

use robyn_ws::test_util::{TestApp, TestSocket};
use robyn_ws_tests::until;

use crate::{
    bus::Bus,
    nodes::{AT_START, PATH, app, key},
    presence::{expect, people, person, start, track},
};

/// Most of the time for which the people of a node that has ended are expected elsewhere.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_without_a_member_knows_the_people_of_a_room_that_it_asks_for() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (ada, ada_id) = nodes.connect(0, "room=red&user=ada").await;
    track(&nodes, 0, ada_id, "here");
    expect(&nodes, 1, "red", &[person("ada", 1, "here")]).await;
    let (_bob, bob) = nodes.connect(0, "room=red&user=bob").await;
    track(&nodes, 0, bob, "here");
    expect(&nodes, 1, "red", &[person("ada", 1, "here"), person("bob", 1, "here")]).await;
    drop(ada);
    expect(&nodes, 1, "red", &[person("bob", 1, "here")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_whose_last_member_has_left_still_knows_the_others() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    let (_bob, bob) = nodes.connect(1, "room=red&user=bob").await;
    track(&nodes, 0, ada, "here");
    track(&nodes, 1, bob, "here");
    expect(&nodes, 1, "red", &[person("ada", 1, "here"), person("bob", 1, "here")]).await;
    nodes.endpoint(1).connector(bob).expect("it is open").leave("red");
    assert_eq!(people(&nodes, 1, "red"), [person("ada", 1, "here")]);
}

/// Starts a node with one client, and shows that in the room.
async fn ending(bus: &Bus, user: &str) -> (TestApp, TestSocket) {
    let ending = TestApp::new(app(bus).backplane_key(key()));
    let target = format!("{PATH}?room=red&user={user}");
    let mut client = ending.connect(&target).await.expect("it is accepted");
    let id = client.receive_text().await.parse().expect("an id");
    let connector = ending.hub().endpoint(PATH).connector(id).expect("it is open");
    connector.track("red", "there").expect("it is in the room");
    (ending, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn person_who_is_back_from_a_node_that_has_ended_is_there_once_and_gone_at_once() {
    let bus = Bus::default();
    let nodes = start(&bus, 2).await;
    let (_bob, bob) = nodes.connect(0, "room=red&user=bob").await;
    bus.wait_for_interests(2 * AT_START + 2).await;
    track(&nodes, 0, bob, "here");
    let (ending, _client) = ending(&bus, "ada").await;
    expect(&nodes, 0, "red", &[person("ada", 1, "there"), person("bob", 1, "here")]).await;
    ending.drain(Duration::from_secs(5)).await;
    let ended = Instant::now();
    // Back on another node, and then gone.
    let (ada, ada_id) = nodes.connect(1, "room=red&user=ada").await;
    track(&nodes, 1, ada_id, "back");
    expect(&nodes, 0, "red", &[person("ada", 1, "back"), person("bob", 1, "here")]).await;
    drop(ada);
    expect(&nodes, 0, "red", &[person("bob", 1, "here")]).await;
    assert!(ended.elapsed() < SOON, "{:?}", ended.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn person_who_is_back_before_a_node_has_ended_is_there_once() {
    let bus = Bus::default();
    let nodes = start(&bus, 1).await;
    let (_bob, bob) = nodes.connect(0, "room=red&user=bob").await;
    track(&nodes, 0, bob, "here");
    let (ending, _client) = ending(&bus, "ada").await;
    expect(&nodes, 0, "red", &[person("ada", 1, "there"), person("bob", 1, "here")]).await;
    let (_ada, ada) = nodes.connect(0, "room=red&user=ada").await;
    track(&nodes, 0, ada, "back");
    let value = || people(&nodes, 0, "red")[0].clone();
    until("both to be there", || value().1 == 2).await;
    ending.drain(Duration::from_secs(5)).await;
    until("one to be there", || value() == person("ada", 1, "back")).await;
}
