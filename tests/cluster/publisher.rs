//! A process without sockets publishes to the connections of all nodes.

use robyn_ws::{BackplaneError, BackplaneKey, PublishError, Publisher};

use crate::{
    bus::Bus,
    nodes::{AT_START, Nodes, PATH, key},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_reaches_endpoints_rooms_and_identities_of_all_nodes() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut here, _) = nodes.connect(0, "room=red").await;
    let (mut there, id) = nodes.connect(1, "room=red&user=ada").await;
    bus.wait_for_interests(2 * AT_START + 3).await;
    let publisher = Publisher::new(bus.node()).key(key());
    publisher
        .endpoint(PATH)
        .broadcast("to all")
        .await
        .expect("it is published");
    publisher
        .endpoint(PATH)
        .to("red")
        .broadcast("to red")
        .await
        .expect("it is published");
    publisher
        .endpoint(PATH)
        .to("red")
        .except(id)
        .broadcast("not there")
        .await
        .expect("it is published");
    publisher
        .identity("ada")
        .broadcast("to ada")
        .await
        .expect("it is published");
    publisher
        .endpoint(PATH)
        .keyed("BTC")
        .broadcast(vec![1])
        .await
        .expect("it is published");
    for text in ["to all", "to red", "not there"] {
        assert_eq!(here.receive_text().await, text);
    }
    for text in ["to all", "to red", "to ada"] {
        assert_eq!(there.receive_text().await, text);
    }
    assert_eq!(here.receive_bytes().await, [1][..]);
    publisher
        .identity("ada")
        .close_with(4401, "revoked")
        .await
        .expect("it is published");
    assert_eq!(there.receive_bytes().await, [1][..]);
    there.expect_close(4401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_reaches_one_connection_and_sends_only_codes_that_may_be_sent() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 2, |app| app.backplane_key(key())).await;
    let (mut one, id) = nodes.connect(1, "").await;
    let (mut other, _) = nodes.connect(1, "").await;
    let publisher = Publisher::new(bus.node()).key(key());
    let connection = publisher.connection(PATH, id);
    connection.send("to one").await.expect("it is published");
    assert_eq!(one.receive_text().await, "to one");
    connection.close_with(1006, "not sent").await.expect("it is published");
    one.expect_close(1011).await;
    publisher
        .endpoint(PATH)
        .broadcast("end")
        .await
        .expect("it is published");
    assert_eq!(other.receive_text().await, "end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_without_the_key_of_the_nodes_is_ignored() {
    let bus = Bus::default();
    let nodes = Nodes::start(&bus, 1, |app| app.backplane_key(key())).await;
    let (mut client, _) = nodes.connect(0, "").await;
    Publisher::new(bus.node())
        .endpoint(PATH)
        .broadcast("forged")
        .await
        .expect("the bus takes it");
    Publisher::new(bus.node())
        .key(key())
        .endpoint(PATH)
        .broadcast("true")
        .await
        .expect("the bus takes it");
    assert_eq!(client.receive_text().await, "true");
    assert_eq!(nodes.hub(0).backplane_counters().expect("a backplane").ignored, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_says_what_was_not_published() {
    let bus = Bus::default();
    let publisher = Publisher::new(bus.node());
    let error = publisher
        .endpoint(PATH)
        .broadcast(vec![0; 2_000_000])
        .await
        .expect_err("it is too large");
    assert!(
        matches!(error, PublishError::TooLarge { limit: 1_048_576, .. }),
        "{error}"
    );
    bus.set_down(true);
    let error = publisher
        .endpoint(PATH)
        .broadcast("x")
        .await
        .expect_err("the bus is down");
    assert!(
        matches!(error, PublishError::Backplane(BackplaneError::Disconnected)),
        "{error}"
    );
    let printed = format!("{error:?}");
    assert!(printed.contains("not connected; is the broker running?"), "{printed}");
    let printed = format!("{:?}", BackplaneError::failed("a permission is missing"));
    assert_eq!(printed, "the backplane has failed: a permission is missing");
}

#[tokio::test]
async fn publisher_with_a_short_secret_publishes_nothing() {
    let bus = Bus::default();
    let short = [BackplaneKey::new("short"), key().also_accepting("short")];
    for key in short {
        let publisher = Publisher::new(bus.node()).key(key);
        let outcome = publisher.endpoint(PATH).broadcast("x").await;
        assert!(matches!(outcome, Err(PublishError::ShortSecret)), "{outcome:?}");
        let closed = publisher.identity("ada").close().await;
        let error = closed.expect_err("it is not published");
        let expected = "a secret of `BackplaneKey` has fewer than 16 bytes: use a long, random one";
        assert_eq!(format!("{error:?}"), expected);
    }
    assert!(bus.published().is_empty());
}
