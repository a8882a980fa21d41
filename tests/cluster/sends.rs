//! Sends and closes reach the one connection, on whichever node.

use robyn_ws::prelude::*;
use robyn_ws_tests::until;

use crate::{
    bus::Bus,
    nodes::{Nodes, key},
};

/// Waits until a node has heard of that of `id`.
async fn hear(nodes: &Nodes, node: usize, id: ConnectionId) {
    let endpoint = nodes.endpoint(node);
    until("the node to be heard of", || {
        endpoint.sync_send_to(id, "heard of") != Err(SendError::Unreachable)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_for_an_id_reaches_the_connection_on_its_node_and_only_that_node() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 3, |app| app).await;
    let (mut client, id) = nodes.connect(2, "").await;
    hear(&nodes, 0, id).await;
    assert_eq!(client.receive_text().await, "heard of");
    bus.published();
    nodes.endpoint(0).sync_send_to(id, "at once").expect("it is queued");
    nodes
        .endpoint(0)
        .async_send_to(id, "confirmed")
        .await
        .expect("it is queued there");
    assert_eq!(client.receive_text().await, "at once");
    assert_eq!(client.receive_text().await, "confirmed");
    let subjects = bus.published().into_iter().map(|(subject, _)| subject.to_string());
    let of_nodes: Vec<_> = subjects.filter(|subject| subject != "nodes").collect();
    assert_eq!(of_nodes.len(), 3, "two messages, and one answer: {of_nodes:?}");
    assert!(
        of_nodes.iter().all(|subject| subject.starts_with("node.")),
        "{of_nodes:?}"
    );
    assert_eq!(of_nodes[0], of_nodes[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connector_sends_to_the_id_of_another_node() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (_here, own) = nodes.connect(0, "").await;
    let (mut there, id) = nodes.connect(1, "").await;
    hear(&nodes, 0, id).await;
    assert_eq!(there.receive_text().await, "heard of");
    let connector = nodes.endpoint(0).connector(own).expect("it is open");
    connector.sync_send_to(id, "one").expect("it is queued");
    connector.async_send_to(id, "two").await.expect("it is queued there");
    assert_eq!(there.receive_text().await, "one");
    assert_eq!(there.receive_text().await, "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_that_has_ended_on_another_node_is_an_error_of_who_waits() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app).await;
    let (client, id) = nodes.connect(1, "").await;
    hear(&nodes, 0, id).await;
    drop(client);
    until("it to have left", || nodes.endpoint(1).count() == 0).await;
    let sent = nodes.endpoint(0).async_send_to(id, "too late").await;
    assert_eq!(sent, Err(SendError::NotConnected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn id_of_no_node_is_an_error_at_once() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 1, |app| app).await;
    let endpoint = nodes.endpoint(0);
    let version_4 = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("an id");
    assert_eq!(endpoint.sync_send_to(version_4, "x"), Err(SendError::NotConnected));
    let of_another_node = "67e55044-10b1-826f-9247-bb680e5fe0c8".parse().expect("an id");
    assert_eq!(endpoint.sync_send_to(of_another_node, "x"), Err(SendError::Unreachable));
    assert_eq!(
        endpoint.async_send_to(of_another_node, "x").await,
        Err(SendError::Unreachable)
    );
    assert_eq!(endpoint.close(of_another_node), Err(SendError::Unreachable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_tell_the_node_only_where_there_is_a_backplane() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (_one, one) = nodes.connect(0, "").await;
    let (_two, two) = nodes.connect(0, "").await;
    let (_there, there) = nodes.connect(1, "").await;
    let text = |id: ConnectionId| id.to_string();
    assert_eq!(text(one)[..13], text(two)[..13], "two of one node");
    assert_ne!(text(one)[..13], text(there)[..13], "of different nodes");
    assert_eq!(&text(one)[14..15], "8", "the version of the UUID");
}
