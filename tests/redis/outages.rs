//! A server that is away, that does not answer, or that cuts a node off.

use std::time::{Duration, Instant};

use robyn_ws::{BackplaneDelivery, BackplaneError, Health, PublishError, Publisher, prelude::*};
use robyn_ws_tests::{Log, RedisServer, until};

use crate::nodes::{AT_START, Nodes, PATH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_is_killed_is_noticed_at_once_and_nothing_of_the_outage_comes_later() {
    let log = Log::subscribe();
    let Some(mut server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 3).await;
    let (mut here, _) = nodes.connect(0, 1).await;
    let (mut there, _) = nodes.connect(1, 1).await;
    server.wait_for_subscriptions(3 * AT_START + 2, 0).await;

    server.kill();
    nodes.until(Health::Down).await;
    for _ in 0..100 {
        let delivery = nodes.endpoint(0).to("room0").sync_broadcast("during");
        let told = (delivery.queued, delivery.backplane);
        assert_eq!(told, (1, BackplaneDelivery::Unavailable));
        assert_eq!(here.receive_text().await, "during");
    }

    server.run().await;
    server.wait_for_subscriptions(3 * AT_START + 2, 0).await;
    nodes.until(Health::Up).await;
    nodes.endpoint(0).to("room0").sync_broadcast("after");
    assert_eq!(here.receive_text().await, "after");
    assert_eq!(there.receive_text().await, "after");

    let server = server.address().to_string();
    let lines = |words: &str| {
        let text = log.text();
        text.lines()
            .filter(|line| line.contains(&server) && line.contains(words))
            .count()
    };
    until("a line of each node that it is back", || {
        lines("connected to Redis again") == 3
    })
    .await;
    assert_eq!(lines("no connection to Redis"), 3, "one line of each node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_does_not_answer_is_noticed_and_used_again_when_it_does() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 2).await;
    let (mut there, _) = nodes.connect(1, 0).await;
    let stopped = Instant::now();
    server.stop();
    for _ in 0..100 {
        nodes.endpoint(0).sync_broadcast("before anybody has noticed");
    }
    nodes.until(Health::Down).await;
    let noticed = stopped.elapsed();
    assert!(
        noticed < Duration::from_secs(6),
        "it takes 3 seconds, and took {noticed:?}"
    );
    let delivery = nodes.endpoint(0).sync_broadcast("during");
    assert_eq!(delivery.backplane, BackplaneDelivery::Unavailable);

    server.go_on();
    nodes.until(Health::Up).await;
    server.wait_for_subscriptions(2 * AT_START, 0).await;
    nodes.endpoint(0).sync_broadcast("after");
    assert_eq!(there.receive_text().await, "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_is_told_of_an_outage_without_a_wait() {
    let Some(mut server) = RedisServer::start("").await else {
        return;
    };
    let publisher = Publisher::new(Redis::connect(server.url()).await.expect("it is there"));
    server.kill();
    until("Down", || publisher.health() == Health::Down).await;
    for _ in 0..1000 {
        let failed = publisher.endpoint(PATH).broadcast("during").await;
        let is_told = matches!(failed, Err(PublishError::Backplane(BackplaneError::Disconnected)));
        assert!(is_told, "{failed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn app_starts_before_the_server_and_connects_when_it_is_there() {
    let Some(mut server) = RedisServer::start("").await else {
        return;
    };
    server.kill();
    let url = server.url();
    let nodes = Nodes::start_with(1, async || Redis::connect_lazy(url.as_str()).expect("an address")).await;
    assert_eq!(nodes.hub(0).backplane_health(), Some(Health::Down));
    let refused = Redis::connect(url.as_str())
        .await
        .expect_err("nobody is there")
        .to_string();
    assert!(refused.contains("start the server"), "{refused}");
    server.run().await;
    nodes.until(Health::Up).await;
    server.wait_for_subscriptions(AT_START, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_the_server_has_cut_off_as_too_slow_notices_and_comes_back() {
    let log = Log::subscribe();
    let limit = "--client-output-buffer-limit pubsub 256kb 0 0";
    let Some(server) = RedisServer::start(limit).await else {
        return;
    };
    let nodes = Nodes::start(&server, 2).await;
    let (mut there, _) = nodes.connect(1, 0).await;
    // In one turn of the server, which writes to subscribers at its end.
    let script = "for i = 1, 64 do redis.call('PUBLISH', KEYS[1], string.rep('x', 16384)) end";
    let _: redis::Value = server.ask(&["EVAL", script, "1", "robyn_ws:nodes"]).await;
    let address = server.address().to_string();
    until("a line about it", || {
        log.text()
            .lines()
            .any(|line| line.contains(&address) && line.contains("no connection"))
    })
    .await;
    server.wait_for_subscriptions(2 * AT_START, 0).await;
    nodes.until(Health::Up).await;
    nodes.endpoint(0).sync_broadcast("after");
    assert_eq!(there.receive_text().await, "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_reason_of_an_outage_is_logged_and_each_is_logged_once() {
    let log = Log::subscribe();
    let Some(mut server) = RedisServer::start("--requirepass correct-horse").await else {
        return;
    };
    server.kill();
    let url = server.url();
    let _nodes = Nodes::start_with(1, async || Redis::connect_lazy(url.as_str()).expect("an address")).await;
    let address = server.address().to_string();
    let lines = |words: &str| {
        let text = log.text();
        let is_such = |line: &&str| line.contains(&address) && line.contains("no connection") && line.contains(words);
        text.lines().filter(is_such).count()
    };
    until("a line that nobody is there", || lines("refused") == 1).await;
    for _ in 0..2 {
        server.run().await;
        until("a line that it needs a password", || lines("NOAUTH") == 1).await;
        server.kill();
    }
    server.run().await;
    // Further attempts.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((lines("refused"), lines("")), (1, 2), "{}", log.text());
}
