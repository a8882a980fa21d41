//! NATS, while its server goes and comes.

use std::time::{Duration, Instant};

use robyn_ws::{
    Backplane as _, BackplaneError, Health, Interest, Nats,
    test_util::backplane::{TestNode, subject},
};
use robyn_ws_tests::{Log, NatsServer, until};
use tokio::runtime::Handle;

async fn nodes(server: &NatsServer) -> [TestNode<Nats>; 2] {
    let connect = async || Nats::connect(server.url()).await.expect("the server is there");
    [
        TestNode::open(connect().await).await,
        TestNode::open(connect().await).await,
    ]
}

#[tokio::test]
async fn killed_server_is_noticed_at_once_and_its_subscriptions_come_back_once() {
    let log = Log::subscribe();
    let Some(mut server) = NatsServer::start().await else {
        return;
    };
    let [one, other] = nodes(&server).await;
    let (kept, removed) = (subject(), subject());
    for subject in [kept, removed] {
        other.subscribe(Interest::Subject(subject)).await;
    }
    server.kill();
    for node in [&one, &other] {
        node.expect_health(Health::Down).await;
    }
    let publishing = Instant::now();
    for _ in 0..100 {
        let refused = one.backplane().publish(kept, "unheard".into()).await;
        assert!(matches!(refused, Err(BackplaneError::Disconnected)), "{refused:?}");
        let refused = other.backplane().unsubscribe(vec![Interest::Subject(removed)]).await;
        assert!(matches!(refused, Err(BackplaneError::Disconnected)), "{refused:?}");
    }
    assert!(
        publishing.elapsed() < Duration::from_secs(1),
        "nothing waits for the server"
    );

    server.run().await;
    let back = Instant::now();
    for node in [&one, &other] {
        node.expect_health(Health::Up).await;
    }
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    one.publish(removed, "removed").await;
    one.publish(kept, "by itself").await;
    assert_eq!(other.receive().await, "by itself");
    // As an app does it.
    other.subscribe(Interest::Subject(kept)).await;
    one.publish(kept, "once").await;
    one.publish(kept, "again").await;
    assert_eq!(other.receive().await, "once");
    assert_eq!(other.receive().await, "again");
    assert_eq!(other.health_changes().last(), Some(&Health::Up));

    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let lines = |words: &str| {
        let text = log.text();
        text.lines()
            .filter(|line| line.contains(words) && line.contains(&port))
            .count()
    };
    assert_eq!(
        lines("lost the connection to NATS"),
        2,
        "one of each node:\n{}",
        log.text()
    );
    assert_eq!(lines("connected to NATS again"), 2, "one of each node:\n{}", log.text());
}

#[tokio::test]
async fn stopped_server_is_noticed_within_three_seconds_and_nothing_comes_later_than_a_second_after_it_goes_on() {
    const LONG: usize = 64 * 1024;
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let [one, other] = nodes(&server).await;
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    server.stop();
    let stopped = Instant::now();
    let mut accepted = 0;
    while one.backplane().health() == Health::Up {
        let payload = vec![b'x'; LONG];
        match one.backplane().publish(subject, payload.into()).await {
            Ok(()) => accepted += LONG,
            Err(BackplaneError::Disconnected) => {}
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
    let noticed = stopped.elapsed();
    assert!(noticed < Duration::from_millis(3500), "noticed after {noticed:?}");
    // Buffers of the system, which are out of reach, hold some of it.
    assert!(accepted < 32 * 1024 * 1024, "{accepted} bytes are under way");
    for node in [&one, &other] {
        node.expect_health(Health::Down).await;
    }

    server.go_on();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for node in [&one, &other] {
        node.expect_health(Health::Up).await;
    }
    other.take_received();
    one.publish(subject, "new").await;
    assert_eq!(other.receive().await, "new");
    assert!(other.take_received().is_empty());
}

#[tokio::test]
async fn server_that_is_started_late_is_found() {
    let Some(mut server) = NatsServer::not_started() else {
        return;
    };
    let lazy = || TestNode::open_at_once(Nats::connect_lazy(server.url()).expect("a valid address"));
    let [one, other] = [lazy(), lazy()];
    for node in [&one, &other] {
        node.expect_health(Health::Down).await;
    }
    let subject = subject();
    let refused = other.backplane().subscribe(vec![Interest::Subject(subject)]).await;
    assert!(matches!(refused, Err(BackplaneError::Disconnected)), "{refused:?}");
    server.run().await;
    for node in [&one, &other] {
        node.expect_health(Health::Up).await;
    }
    other.subscribe(Interest::Subject(subject)).await;
    one.publish(subject, "hello").await;
    assert_eq!(other.receive().await, "hello");
}

#[tokio::test]
async fn backplane_that_is_dropped_while_its_server_is_gone_ends_its_tasks() {
    let Some(mut server) = NatsServer::start().await else {
        return;
    };
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let [one, other] = nodes(&server).await;
    server.kill();
    one.expect_health(Health::Down).await;
    one.close().await;
    other.close().await;
    until("the tasks to end", || tasks() == before).await;
}
