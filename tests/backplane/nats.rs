//! NATS, while its server is there.

use std::{collections::HashSet, time::Instant};

use async_nats::ConnectOptions;
use robyn_ws::{
    Backplane as _, Health, Interest, Nats, NatsError,
    test_util::backplane::{TestNode, conformance, subject},
};
use robyn_ws_tests::{NatsServer, PATIENCE, until, within};
use tokio::runtime::Handle;

async fn node(server: &NatsServer) -> TestNode<Nats> {
    let nats = Nats::connect(server.url()).await.expect("the server is there");
    assert_eq!(nats.health(), Health::Up);
    TestNode::open(nats).await
}

#[tokio::test]
async fn nats_keeps_the_promises_of_a_backplane() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    conformance(async || Nats::connect(server.url()).await.expect("the server is there")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nats_keeps_the_promises_on_several_threads() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    conformance(async || Nats::connect(server.url()).await.expect("the server is there")).await;
}

#[tokio::test]
async fn apps_with_different_prefixes_do_not_meet() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let connect = async |prefix| {
        let nats = Nats::connect(server.url()).await.expect("the server is there");
        TestNode::open(nats.prefix(prefix).expect("it is valid")).await
    };
    let (one, other, stranger) = (connect("a.b").await, connect("a.b").await, connect("a.c").await);
    let subject = subject();
    for node in [&other, &stranger] {
        node.subscribe(Interest::Subject(subject)).await;
    }
    stranger.publish(subject, "strange").await;
    one.publish(subject, "hello").await;
    assert_eq!(other.receive().await, "hello");
    assert!(stranger.take_received().is_empty());
}

#[tokio::test]
async fn prefix_that_is_not_valid_is_an_error_which_says_what_is() {
    let too_long = "x".repeat(65);
    for prefix in ["", ".", "a..b", "a.", "a b", "a.*", ">", "ä", &too_long] {
        let nats = Nats::connect_lazy("127.0.0.1").expect("the address is valid");
        let error = nats.prefix(prefix).expect_err("it is not valid").to_string();
        assert!(
            error.contains(&format!("`{prefix}`")) && error.contains("expected 1 to 64 letters"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn server_that_is_not_there_is_an_error_without_credentials() {
    let Some(server) = NatsServer::not_started() else {
        return;
    };
    let address = server.url().replace("nats://", "nats://anna:secret@");
    let error = Nats::connect(address).await.expect_err("no server");
    assert!(matches!(error, NatsError::Connect { .. }));
    let text = format!("{error} {error:?}");
    assert!(text.contains(&server.url()["nats://".len()..]), "{text}");
    assert!(
        text.contains("start the server") && text.contains("connect_lazy"),
        "{text}"
    );
    assert!(!text.contains("anna") && !text.contains("secret"), "{text}");
    let error = Nats::connect("http://127.0.0.1").await.expect_err("no address of NATS");
    assert!(error.to_string().contains("nats://127.0.0.1:4222"), "{error}");
}

#[tokio::test]
async fn credentials_of_the_address_are_used_and_not_shown() {
    let Some(server) = NatsServer::start_with(&["--user", "anna", "--pass", "s:cr@t"]).await else {
        return;
    };
    let address = server.url().replace("nats://", "nats://anna:s%3Acr%40t@");
    let nats = Nats::connect(address).await.expect("the server knows anna");
    let shown = format!("{nats:?}");
    assert!(!shown.contains("anna") && !shown.contains("cr"), "{shown}");
    let error = Nats::connect(server.url()).await.expect_err("nobody");
    assert!(error.to_string().contains("authorization violation"), "{error}");
}

#[tokio::test]
async fn own_payloads_do_not_come_back() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (one, other) = (node(&server).await, node(&server).await);
    let subject = subject();
    for node in [&one, &other] {
        node.subscribe(Interest::Subject(subject)).await;
    }
    one.publish(subject, "own").await;
    other.publish(subject, "foreign").await;
    assert_eq!(other.receive().await, "own");
    assert_eq!(one.receive().await, "foreign");
}

#[tokio::test]
async fn thousands_of_interests_are_added_in_one_batch_and_removed_again() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (one, other) = (node(&server).await, node(&server).await);
    let subjects: Vec<_> = (0..10_000).map(|_| subject()).collect();
    let interests: Vec<_> = subjects.iter().copied().map(Interest::Subject).collect();
    within("the interests", other.backplane().subscribe(interests.clone()))
        .await
        .expect("the server is there");
    for subject in &subjects {
        one.publish(*subject, subject.to_string()).await;
    }
    let mut come = HashSet::new();
    while come.len() < subjects.len() {
        come.insert(other.receive().await);
    }
    within("the interests", other.backplane().unsubscribe(interests))
        .await
        .expect("the server is there");
    until("all interests to be removed", || other.take_received().is_empty()).await;
    within("the subscriptions", async {
        while server.subscriptions().await > 1000 {}
    })
    .await;
}

#[tokio::test]
async fn flushed_payloads_have_reached_the_server() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (one, other) = (node(&server).await, node(&server).await);
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    for number in 0..1000 {
        one.publish(subject, number.to_string()).await;
    }
    within("the server", one.backplane().flush())
        .await
        .expect("the server is there");
    drop(one);
    for number in 0..1000 {
        assert_eq!(other.receive().await, number.to_string());
    }
}

#[tokio::test]
async fn interests_are_added_while_somebody_listens_to_everything() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let listener = async_nats::connect(server.url()).await.expect("the server is there");
    let _everything = listener.subscribe(">").await.expect("the server is there");
    listener.flush().await.expect("the server is there");
    let (one, other) = (node(&server).await, node(&server).await);
    for number in 0..3 {
        let subject = subject();
        other.subscribe(Interest::Subject(subject)).await;
        one.publish(subject, number.to_string()).await;
        assert_eq!(other.receive().await, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_payload_for_a_node_that_is_too_slow_comes_or_is_counted_as_lost() {
    const PAYLOADS: u64 = 5000;
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let options = ConnectOptions::new().subscription_capacity(100);
    let slow = Nats::connect_with(server.url(), options)
        .await
        .expect("the server is there");
    let (one, slow) = (node(&server).await, TestNode::open(slow).await);
    let subject = subject();
    slow.subscribe(Interest::Subject(subject)).await;
    let mut come = 0;
    for round in 1..=2 {
        let blocked = slow.stop_reading();
        for number in 0..PAYLOADS {
            one.publish(subject, number.to_string()).await;
        }
        within("the payloads", async {
            while server.sent().await < round * PAYLOADS {}
        })
        .await;
        drop(blocked);
        let start = Instant::now();
        while come + slow.lost() < round * PAYLOADS {
            tokio::task::yield_now().await;
            come += slow.take_received().len() as u64;
            let lost = slow.lost();
            assert!(
                start.elapsed() < PATIENCE,
                "round {round}: {come} have come, {lost} are lost"
            );
        }
        assert!(slow.lost() > 0, "all {come} have come");
        assert_eq!(slow.health_changes().last().unwrap_or(&Health::Up), &Health::Up);
    }
}

#[tokio::test]
async fn dropped_backplane_closes_its_connection_and_ends_its_tasks() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let node = node(&server).await;
    node.subscribe(Interest::Partition(7)).await;
    assert_eq!(server.clients().await, 1);
    node.close().await;
    within("the connection to close", async { while server.clients().await > 0 {} }).await;
    until("the tasks to end", || tasks() == before).await;
}
