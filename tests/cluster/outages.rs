//! A bus that is down: connections of the own node notice nothing, and senders are told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use robyn_ws::{BackplaneDelivery, Health, prelude::*};
use robyn_ws_tests::until;
use tokio::time::sleep;

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes, key},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_is_told_in_each_delivery_and_own_connections_get_everything() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut here, _) = nodes.connect(0, "room=red").await;
    let (mut there, id) = nodes.connect(1, "room=red").await;
    bus.wait_for_interests(2 * AT_START + 2).await;
    until("the node to be heard of", || {
        nodes.endpoint(0).sync_send_to(id, "before") == Ok(())
    })
    .await;
    assert_eq!(there.receive_text().await, "before");

    bus.set_down(true);
    assert_eq!(nodes.hub(0).backplane_health(), Some(Health::Down));
    let delivery = nodes.endpoint(0).to("red").sync_broadcast("during");
    assert_eq!(
        (delivery.queued, delivery.backplane),
        (1, BackplaneDelivery::Unavailable)
    );
    assert_eq!(here.receive_text().await, "during");
    assert_eq!(
        nodes.endpoint(0).sync_send_to(id, "during"),
        Err(SendError::Unreachable)
    );
    assert!(nodes.hub(0).backplane_counters().expect("a backplane").dropped >= 2);

    bus.set_down(false);
    bus.wait_for_interests(2 * AT_START + 2).await;
    nodes.endpoint(0).to("red").sync_broadcast("after");
    assert_eq!(here.receive_text().await, "after");
    assert_eq!(
        there.receive_text().await,
        "after",
        "what was published meanwhile never comes"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_was_on_the_way_for_seconds_is_ignored_and_counted_and_a_close_counts() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut client, _) = nodes.connect(1, "").await;
    let (mut revoked, _) = nodes.connect(1, "user=ada").await;
    bus.wait_for_interests(2 * AT_START + 1).await;
    nodes.endpoint(0).sync_broadcast("first");
    assert_eq!(client.receive_text().await, "first");
    assert_eq!(revoked.receive_text().await, "first");

    // The bus stands still, and goes on.
    bus.set_fault(|_payload| Vec::new());
    bus.published();
    nodes.endpoint(0).sync_broadcast("late");
    nodes.hub(0).identity("ada").close_with(4401, "revoked");
    let held = Mutex::new(Vec::new());
    until("both to be held", || {
        let mut held = held.lock().expect("no panic");
        held.extend(bus.published());
        let has = |words: &[u8]| {
            let mut payloads = held.iter().map(|(_, payload)| payload);
            payloads.any(|payload| payload.windows(words.len()).any(|part| part == words))
        };
        has(b"late") && has(b"revoked")
    })
    .await;
    sleep(Duration::from_millis(2_500)).await;
    bus.set_fault(|payload| vec![payload]);
    for (subject, payload) in held.into_inner().expect("no panic") {
        bus.inject(subject, &payload);
    }
    revoked.expect_close(4401).await;
    nodes.endpoint(0).sync_broadcast("last");
    assert_eq!(client.receive_text().await, "last");
    let counters = nodes.hub(1).backplane_counters().expect("a backplane");
    assert_eq!((counters.late, counters.repeated), (1, 0), "{counters:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn app_is_told_once_when_the_bus_goes_and_when_it_comes_back() {
    let bus = Bus::default();
    let told: Arc<Mutex<Vec<Health>>> = Arc::default();
    let hook = told.clone();
    let nodes = Nodes::start(&bus, 1, |app| {
        let hook = hook.clone();
        app.on_backplane_health(move |health| hook.lock().expect("no panic").push(health))
    })
    .await;
    bus.set_down(true);
    bus.set_down(true);
    bus.set_down(false);
    bus.wait_for_interests(AT_START).await;
    assert_eq!(*told.lock().expect("no panic"), [Health::Up, Health::Down, Health::Up]);
    assert_eq!(nodes.hub(0).backplane_health(), Some(Health::Up));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_is_larger_than_the_bus_takes_is_told() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 1, |app| app).await;
    let delivery = nodes.endpoint(0).sync_broadcast(vec![0; 1024 * 1024]);
    assert_eq!(delivery.backplane, BackplaneDelivery::TooLarge);
    assert_eq!(
        nodes.endpoint(0).sync_broadcast(vec![0; 1_000_000]).backplane,
        BackplaneDelivery::Queued
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_that_panics_is_reported_and_what_is_published_later_arrives() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, _) = nodes.connect(1, "").await;
    let dropped = || nodes.hub(0).backplane_counters().expect("a backplane").dropped;
    let before = dropped();
    bus.panic_once();
    nodes.endpoint(0).sync_broadcast("panics");
    // A sign of life may have come first.
    until("the panic to be counted", || dropped() > before).await;
    nodes.endpoint(0).sync_broadcast("later");
    while client.receive_text().await != "later" {}
}
