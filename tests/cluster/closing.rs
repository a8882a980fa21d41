//! Closes reach the connections of other nodes, if those trust who asks for it.

use robyn_ws::{BackplaneDelivery, prelude::*};
use robyn_ws_tests::{Log, until};

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes, key},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_reaches_rooms_identities_and_single_connections_of_other_nodes() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut by_room, _) = nodes.connect(1, "room=red").await;
    let (mut by_identity, _) = nodes.connect(1, "user=ada").await;
    let (mut by_id, id) = nodes.connect(1, "").await;
    let (mut stays, _) = nodes.connect(1, "").await;
    bus.wait_for_interests(2 * AT_START + 2).await;
    assert_eq!(
        nodes.endpoint(0).to("red").close_with(4000, "no red"),
        0,
        "none is here"
    );
    by_room.expect_close(4000).await;
    nodes.hub(0).identity("ada").close_with(4401, "revoked");
    by_identity.expect_close(4401).await;
    until("the node to be heard of", || nodes.endpoint(0).close(id).is_ok()).await;
    by_id.expect_close(1000).await;
    nodes.endpoint(0).sync_broadcast("end");
    assert_eq!(stays.receive_text().await, "end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_of_another_node_is_ignored_and_counted_without_a_key() {
    let bus = Bus::default();
    let asking = Nodes::start(&bus, 1, App::trust_backplane).await;
    let nodes = Nodes::start(&bus, 1, |app| app).await;
    bus.wait_for_interests(2 * AT_START).await;
    let (mut client, _) = nodes.connect(0, "").await;
    asking.endpoint(0).everyone().close_with(4000, "all");
    let delivery = asking.endpoint(0).sync_broadcast("still here");
    assert_eq!(delivery.backplane, BackplaneDelivery::Queued);
    assert_eq!(client.receive_text().await, "still here");
    assert_eq!(nodes.hub(0).backplane_counters().expect("a backplane").ignored, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_without_a_key_is_told_that_it_closes_no_connections_of_others() {
    let log = Log::subscribe();
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (mut client, id) = nodes.connect(1, "user=ada").await;
    until("the node to be heard of", || {
        nodes.endpoint(0).sync_send_to(id, "hello").is_ok()
    })
    .await;
    assert_eq!(nodes.endpoint(0).close(id), Err(SendError::Unreachable));
    assert_eq!(nodes.hub(0).identity("ada").close(), 0);
    until("a warning", || {
        log.text().contains("are not closed without `App::backplane_key`")
    })
    .await;
    assert_eq!(client.receive_text().await, "hello");
    nodes.endpoint(1).sync_broadcast("still here");
    assert_eq!(client.receive_text().await, "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_of_another_node_is_done_without_a_key_where_the_app_says_so() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, App::trust_backplane).await;
    let (mut client, _) = nodes.connect(1, "").await;
    nodes.endpoint(0).everyone().close_with(4000, "all");
    client.expect_close(4000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_that_other_nodes_could_not_be_told_is_in_the_log() {
    let log = Log::subscribe();
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut client, _) = nodes.connect(1, "user=eve").await;
    bus.set_down(true);
    assert_eq!(nodes.hub(0).identity("eve").close_with(4401, "revoked"), 0);
    until("a warning", || {
        log.text().contains("were not closed, since the backplane is down")
    })
    .await;
    nodes.endpoint(1).sync_broadcast("still here");
    assert_eq!(client.receive_text().await, "still here");
}
