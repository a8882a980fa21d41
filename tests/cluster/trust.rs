//! What is forged, changed, sent again, or not understood is ignored and counted.

use std::time::Duration;

use bytes::Bytes;
use robyn_ws::{
    BackplaneCounters, BackplaneKey, Subject,
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::{Log, until, within};

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes, PATH, app, key},
};

fn counters(nodes: &Nodes, node: usize) -> BackplaneCounters {
    nodes.hub(node).backplane_counters().expect("a backplane")
}

/// Publishes a text from node 0, and returns what stood on the bus once node 1's client has it.
async fn record(bus: &Bus, nodes: &Nodes, client: &mut TestSocket) -> (Subject, Bytes) {
    bus.published();
    nodes.endpoint(0).sync_broadcast("recorded");
    assert_eq!(client.receive_text().await, "recorded");
    let mut published = bus.published().into_iter();
    published
        .rfind(|(subject, _)| subject.partition().is_some())
        .expect("a broadcast")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envelope_that_comes_again_is_not_taken_again() {
    for settings in [|app: App| app, |app: App| app.backplane_key(key())] {
        let bus = Bus::default();
        let nodes = Nodes::start(&bus, 2, settings).await;
        let (mut client, _) = nodes.connect(1, "").await;
        let (subject, recorded) = record(&bus, &nodes, &mut client).await;
        let before = counters(&nodes, 1).repeated;
        bus.inject(subject, &recorded);
        nodes.endpoint(1).sync_broadcast("end");
        assert_eq!(client.receive_text().await, "end");
        assert_eq!(counters(&nodes, 1).repeated, before + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_byte_that_is_changed_or_missing_is_noticed_with_a_key() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut client, _) = nodes.connect(1, "").await;
    let (subject, recorded) = record(&bus, &nodes, &mut client).await;
    let before = counters(&nodes, 1).ignored;
    for place in 0..recorded.len() {
        let mut changed = recorded.to_vec();
        changed[place] ^= 1;
        bus.inject(subject, &changed.into());
        bus.inject(subject, &recorded.slice(..place));
    }
    nodes.endpoint(1).sync_broadcast("end");
    assert_eq!(client.receive_text().await, "end");
    let expected = before + 2 * recorded.len() as u64;
    assert_eq!(counters(&nodes, 1).ignored, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_another_secret_are_ignored_until_it_is_accepted() {
    let bus = Bus::default();
    let new = || BackplaneKey::new("a new secret of these tests");
    let one = Nodes::start(&bus, 1, |app| app.backplane_key(key())).await;
    let strange = app(&bus).backplane_key(new());
    let strange = TestApp::new(strange);
    let rotated = app(&bus).backplane_key(key().also_accepting("a new secret of these tests"));
    let rotated = TestApp::new(rotated);
    bus.wait_for_interests(3 * AT_START).await;
    let (mut old, _) = one.connect(0, "").await;
    let mut both = rotated.connect(PATH).await.expect("it is accepted");
    both.receive_text().await;
    strange.hub().endpoint(PATH).sync_broadcast("new secret");
    assert_eq!(both.receive_text().await, "new secret");
    one.endpoint(0).sync_broadcast("old secret");
    assert_eq!(both.receive_text().await, "old secret");
    assert_eq!(old.receive_text().await, "old secret");
    assert!(counters(&one, 0).ignored > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_other_versions_are_ignored_and_counted() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, _) = nodes.connect(1, "").await;
    let (subject, recorded) = record(&bus, &nodes, &mut client).await;
    let before = counters(&nodes, 1);
    let mut other_version = recorded.to_vec();
    other_version[0] = 99;
    let garbage = [vec![], vec![1], vec![1; 100], vec![255; 10_000], other_version];
    for bytes in garbage.clone() {
        bus.inject(subject, &bytes.into());
    }
    nodes.endpoint(1).sync_broadcast("end");
    assert_eq!(client.receive_text().await, "end");
    let seen = counters(&nodes, 1);
    assert_eq!(seen.ignored - before.ignored, garbage.len() as u64, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_another_node_that_is_not_utf_8_reaches_no_client() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, _) = nodes.connect(1, "").await;
    bus.set_fault(|payload| {
        // The payload stands at the end.
        let mut changed = payload.to_vec();
        if changed.ends_with(b"text") {
            changed.truncate(changed.len() - 1);
            changed.push(0xff);
        }
        vec![changed.into()]
    });
    nodes.endpoint(0).sync_broadcast("text");
    nodes.endpoint(0).sync_broadcast("end");
    assert_eq!(client.receive_text().await, "end");
    assert_eq!(counters(&nodes, 1).ignored, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_that_delivers_twice_and_loses_some_is_noticed() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, _) = nodes.connect(1, "").await;
    bus.set_fault(|payload| {
        let is_lost = payload.ends_with(b"lost");
        vec![payload; if is_lost { 0 } else { 2 }]
    });
    for text in ["one", "lost", "two"] {
        nodes.endpoint(0).sync_broadcast(text);
    }
    assert_eq!(client.receive_text().await, "one");
    assert_eq!(client.receive_text().await, "two");
    client.expect_silence(Duration::from_millis(50)).await;
    let seen = counters(&nodes, 1);
    assert_eq!(seen.gaps, 1, "{seen:?}");
    assert!(seen.repeated >= 2, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_secret_and_settings_without_a_backplane_are_problems_of_the_app() {
    let bus = Bus::default();
    let problems = app(&bus).backplane_key(BackplaneKey::new("short")).build();
    let problems = problems.expect_err("the secret is short").to_string();
    assert!(problems.contains("fewer than 16 bytes"), "{problems}");
    let problems = App::new()
        .backplane_key(key())
        .trust_backplane()
        .on_backplane_health(|_| ())
        .build();
    let problems = problems.expect_err("there is no backplane").to_string();
    for name in ["backplane_key", "trust_backplane", "on_backplane_health"] {
        assert!(
            problems.contains(&format!("`App::{name}` without `App::backplane`")),
            "{problems}"
        );
    }
    let twice = app(&bus).backplane(bus.node()).build();
    assert!(
        twice
            .expect_err("two")
            .to_string()
            .contains("a second `App::backplane`")
    );
}

#[test]
fn app_with_a_backplane_that_is_built_outside_of_a_runtime_says_so() {
    let problems = app(&Bus::default()).build().expect_err("no runtime").to_string();
    assert!(problems.contains("outside of a tokio runtime"), "{problems}");
    assert!(problems.contains("tests/cluster/nodes.rs"), "{problems}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_ends_is_not_heard_of_any_more() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 1, |app| app).await;
    let ending = TestApp::new(app(&bus));
    let mut client = ending.connect(PATH).await.expect("it is accepted");
    let id: ConnectionId = client.receive_text().await.parse().expect("an id");
    let send = || nodes.endpoint(0).sync_send_to(id, "x");
    until("the node to be heard of", || send().is_ok()).await;
    ending.drain(Duration::from_secs(5)).await;
    until("the node to have left", || send() == Err(SendError::Unreachable)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_a_room_while_nobody_of_a_node_is_there_is_no_gap() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let say = |text: &str| nodes.endpoint(0).to("red").sync_broadcast(text);
    let (mut client, id) = nodes.connect(1, "room=red").await;
    bus.wait_for_interests(2 * AT_START + 1).await;
    say("first");
    assert_eq!(client.receive_text().await, "first");
    let connector = nodes.endpoint(1).connector(id).expect("it is open");
    connector.leave("red");
    bus.wait_for_interests(2 * AT_START).await;
    say("to nobody");
    connector.join("red");
    bus.wait_for_interests(2 * AT_START + 1).await;
    say("last");
    assert_eq!(client.receive_text().await, "last");
    let seen = counters(&nodes, 1);
    assert_eq!((seen.gaps, seen.repeated), (0, 0), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_without_a_key_takes_nothing_of_nodes_with_one_and_says_why() {
    let log = Log::subscribe();
    let bus = Bus::default();
    let with_key = Nodes::start(&bus, 1, |app| app.backplane_key(key())).await;
    let without = TestApp::new(app(&bus).trust_backplane());
    bus.wait_for_interests(2 * AT_START).await;
    let mut client = without
        .connect(&format!("{PATH}?user=ada"))
        .await
        .expect("it is accepted");
    let _id = client.receive_text().await;
    bus.wait_for_interests(2 * AT_START + 1).await;
    let ignored = || without.hub().backplane_counters().expect("a backplane").ignored;
    let before = ignored();
    with_key.endpoint(0).sync_broadcast(b"binary");
    with_key.hub(0).identity("ada").close();
    until("both to be ignored", || ignored() >= before + 2).await;
    without.hub().endpoint(PATH).sync_broadcast("own");
    assert_eq!(client.receive_text().await, "own");
    until("the reason", || {
        log.text().contains("authenticated with a key, and this node has none")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_close_does_nothing_at_a_node_that_had_no_interest_when_it_was_published() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    nodes.hub(0).identity("eve").close_with(4401, "revoked");
    let recorded = async {
        loop {
            let mut published = bus.published().into_iter();
            if let Some(recorded) = published.find(|(_, payload)| payload.windows(7).any(|bytes| bytes == b"revoked")) {
                return recorded;
            }
            tokio::task::yield_now().await;
        }
    };
    let (subject, recorded) = within("the close", recorded).await;
    // Signs of life of the first node, with newer numbers.
    let received = counters(&nodes, 1).received;
    until("signs of life", || counters(&nodes, 1).received >= received + 4).await;
    let (mut eve, _) = nodes.connect(1, "user=eve").await;
    bus.wait_for_interests(2 * AT_START + 1).await;
    let before = counters(&nodes, 1).repeated;
    bus.inject(subject, &recorded);
    until("it to be counted", || counters(&nodes, 1).repeated == before + 1).await;
    nodes.endpoint(1).sync_broadcast("still here");
    assert_eq!(eve.receive_text().await, "still here");
}
