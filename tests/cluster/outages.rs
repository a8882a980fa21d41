//! A bus that is down: connections of the own node notice nothing, and senders are told.

use std::sync::{Arc, Mutex};

use robyn_ws::{BackplaneDelivery, Health, prelude::*};
use robyn_ws_tests::until;

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes},
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
