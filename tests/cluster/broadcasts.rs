//! Broadcasts reach the connections of all nodes, once.

use std::{pin::pin, time::Duration};

use futures_util::FutureExt as _;
use robyn_ws::{BackplaneCounters, BackplaneDelivery, prelude::*, test_util::TestSocket};
use robyn_ws_tests::until;

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes},
};

/// Expects these texts, and no more before the last one, which goes to everyone.
async fn expect(clients: &mut [&mut TestSocket], texts: &[&str]) {
    for client in clients {
        for text in texts {
            assert_eq!(client.receive_text().await, *text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcast_to_everyone_reaches_each_connection_of_each_node_once() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 3, |app| app).await;
    let (mut one, _) = nodes.connect(0, "").await;
    let (mut two, _) = nodes.connect(1, "").await;
    let (mut three, _) = nodes.connect(2, "").await;
    one.send_text("everyone hi").await;
    expect(&mut [&mut one, &mut two, &mut three], &["hi"]).await;
    two.send_text("others yo").await;
    two.send_text("everyone end").await;
    expect(&mut [&mut one, &mut three], &["yo", "end"]).await;
    expect(&mut [&mut two], &["end"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_of_one_name_are_one_room_on_all_nodes() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut red, _) = nodes.connect(0, "room=red").await;
    let (mut both, _) = nodes.connect(1, "room=red+blue").await;
    let (mut none, _) = nodes.connect(1, "").await;
    bus.wait_for_interests(2 * AT_START + 3).await;
    nodes.endpoint(0).to("red").sync_broadcast("to red");
    nodes.endpoint(0).to("blue").sync_broadcast("to blue");
    // A union reaches each once.
    nodes.endpoint(0).to("red").to("blue").sync_broadcast("to both");
    nodes.endpoint(0).sync_broadcast("end");
    expect(&mut [&mut red], &["to red", "to both", "end"]).await;
    expect(&mut [&mut both], &["to red", "to blue", "to both", "end"]).await;
    expect(&mut [&mut none], &["end"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_is_one_person_on_all_nodes() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut here, _) = nodes.connect(0, "user=ada").await;
    let (mut there, id) = nodes.connect(1, "user=ada").await;
    let (mut other, _) = nodes.connect(1, "user=bob").await;
    bus.wait_for_interests(2 * AT_START + 3).await;
    let delivery = nodes.hub(0).identity("ada").sync_broadcast("to ada");
    assert_eq!((delivery.queued, delivery.backplane), (1, BackplaneDelivery::Queued));
    nodes.hub(0).identity("ada").except(id).sync_broadcast("not there");
    nodes.endpoint(0).sync_broadcast("end");
    expect(&mut [&mut here], &["to ada", "not there", "end"]).await;
    expect(&mut [&mut there], &["to ada", "end"]).await;
    expect(&mut [&mut other], &["end"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_publisher_arrive_once_and_in_order_on_each_node() {
    const MESSAGES: usize = 2000;
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 3, |app| {
        app.limits(Limits::default().max_outbound_messages(2 * MESSAGES))
    })
    .await;
    let mut clients = Vec::new();
    for node in 0..3 {
        clients.push(nodes.connect(node, "room=red").await.0);
    }
    bus.wait_for_interests(3 * AT_START + 3).await;
    for number in 0..MESSAGES {
        let delivery = nodes.endpoint(1).to("red").sync_broadcast(number.to_string());
        assert_eq!((delivery.queued, delivery.backplane), (1, BackplaneDelivery::Queued));
    }
    let counters = || nodes.hub(1).backplane_counters().expect("a backplane");
    let done = |counters: BackplaneCounters| counters.published + counters.dropped >= MESSAGES as u64;
    until("all to be published", || done(counters())).await;
    nodes.endpoint(1).to("red").sync_broadcast("end");
    for (node, client) in clients.iter_mut().enumerate() {
        let (mut last, mut received) = (None, 0);
        loop {
            let text = client.receive_text().await;
            if text == "end" {
                break;
            }
            let number: usize = text.parse().expect("a number");
            assert!(last < Some(number), "{number} came after {last:?}");
            (last, received) = (Some(number), received + 1);
        }
        // On a machine that stands still for a second, what has waited for so long is dropped, and counted.
        let dropped = if node == 1 { 0 } else { counters().dropped };
        assert_eq!(received + dropped, MESSAGES as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn binary_json_keyed_and_empty_messages_arrive_as_they_are() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, _) = nodes.connect(1, "").await;
    let endpoint = nodes.endpoint(0);
    endpoint.sync_broadcast(vec![0, 159, 146, 150]);
    endpoint.sync_broadcast("");
    endpoint.sync_broadcast_json(&[1, 2]).expect("JSON");
    assert_eq!(client.receive_bytes().await, [0, 159, 146, 150][..]);
    assert_eq!(client.receive_text().await, "");
    assert_eq!(client.receive_json::<[u8; 2]>().await, [1, 2]);
    let delivery = endpoint.keyed("BTC").sync_broadcast("64000");
    assert_eq!((delivery.queued, delivery.backplane), (0, BackplaneDelivery::Queued));
    assert_eq!(client.receive_text().await, "64000");
    assert_eq!(
        endpoint.async_broadcast("waited").await.backplane,
        BackplaneDelivery::Queued
    );
    assert_eq!(client.receive_text().await, "waited");
    endpoint.notify("said", "hi").expect("JSON");
    assert_eq!(
        client.receive_text().await,
        r#"{"jsonrpc":"2.0","method":"said","params":["hi"]}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_without_a_common_bus_know_nothing_of_each_other() {
    let (one, other) = (Bus::default(), Bus::default());
    let (here, there) = (
        Nodes::start(&one, 1, |app| app).await,
        Nodes::start(&other, 1, |app| app).await,
    );
    let (mut client, _) = there.connect(0, "").await;
    here.endpoint(0).sync_broadcast("to nobody");
    there.endpoint(0).sync_broadcast("end");
    assert_eq!(client.receive_text().await, "end");
    until("it to be published", || {
        one.published().iter().any(|(subject, _)| subject.partition().is_some())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newest_message_of_a_key_is_the_last_on_all_nodes_also_if_an_older_one_waits_for_a_client() {
    let bus = Bus::default();
    let limits = Limits::default()
        .max_outbound_messages(8)
        .overflow(Overflow::DropNewest)
        .broadcast_timeout(Duration::from_secs(1));
    let nodes = Nodes::start(&bus, 2, |app| app.limits(limits.clone())).await;
    let (mut slow, _) = nodes.connect(0, "room=red").await;
    let (mut other, _) = nodes.connect(1, "room=blue").await;
    slow.stop_reading();
    while nodes.endpoint(0).to("red").sync_broadcast("x".repeat(1000)).dropped == 0 {}
    let everyone = nodes.endpoint(0).everyone().keyed("BTC");
    let mut older = pin!(everyone.async_broadcast("older"));
    let waits = older.as_mut().now_or_never().is_none();
    assert!(waits, "for the slow client");
    everyone.sync_broadcast("newer");
    older.await;
    nodes.endpoint(0).sync_broadcast("end");
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != "end") {
        texts.push(other.receive_text().await);
    }
    // The older one was replaced, or came before.
    assert_eq!(texts[texts.len() - 2..], ["newer", "end"]);
}
