//! Passwords, permissions, and what is not valid.

use redis::{Client, TlsCertificates};
use robyn_ws::{Health, PublishError, Publisher, prelude::*};
use robyn_ws_tests::{Certificate, NatsServer, RedisServer, until};

use crate::nodes::{Nodes, PATH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_is_needed_and_never_printed() {
    let Some(server) = RedisServer::start("--requirepass correct-horse").await else {
        return;
    };
    let address = server.address();
    let refused = Redis::connect(server.url())
        .await
        .expect_err("it needs a password")
        .to_string();
    assert!(
        refused.contains("NOAUTH") && refused.contains("the password"),
        "{refused}"
    );
    let wrong = Redis::connect(format!("redis://:battery-staple@{address}")).await;
    let wrong = wrong.expect_err("it is wrong");
    assert!(wrong.to_string().contains("WRONGPASS"), "{wrong}");
    for text in [wrong.to_string(), format!("{wrong:?}")] {
        assert!(!text.contains("staple"), "{text}");
    }
    let redis = Redis::connect(format!("redis://:correct-horse@{address}"))
        .await
        .expect("it is right");
    assert!(!format!("{redis:?}").contains("horse"), "{redis:?}");
    let nodes = Nodes::start_with(1, async || {
        Redis::connect(format!("redis://:correct-horse@{address}"))
            .await
            .expect("it is right")
    });
    nodes.await.until(Health::Up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_with_the_documented_permissions_can_publish_and_one_without_is_told() {
    let users = "--user chat on >secret resetchannels &robyn_ws:* -@all +@connection +@pubsub \
                 --user other on >secret resetchannels &other:* -@all +@connection +@pubsub";
    let Some(server) = RedisServer::start(users).await else {
        return;
    };
    let as_user = async |user| Redis::connect(format!("redis://{user}:secret@{}", server.address())).await;
    let nodes = Nodes::start_with(1, async || as_user("chat").await.expect("it is allowed")).await;
    server.wait_for_subscriptions(crate::nodes::AT_START, 0).await;
    let (mut client, _) = nodes.connect(0, 0).await;
    let publisher = Publisher::new(as_user("chat").await.expect("it is allowed"));
    publisher.endpoint(PATH).broadcast("hi").await.expect("it is allowed");
    assert_eq!(client.receive_text().await, "hi");
    let publisher = Publisher::new(as_user("other").await.expect("it may connect"));
    let refused = publisher
        .endpoint(PATH)
        .broadcast("hi")
        .await
        .expect_err("it is not allowed");
    let is_told = matches!(refused, PublishError::Backplane(_)) && refused.to_string().contains("no permissions");
    assert!(is_told, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_with_tls_is_used_with_the_certificates_of_the_client() {
    let Some(server) = RedisServer::start_with_tls().await else {
        return;
    };
    let address = format!("rediss://localhost:{}", server.address().port());
    let untrusted = Redis::connect(address.as_str())
        .await
        .expect_err("nobody vouches for it")
        .to_string();
    assert!(untrusted.contains("cannot connect"), "{untrusted}");
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(Certificate::common().certificate.clone().into_bytes()),
    };
    let client = Client::build_with_tls(address, certificates).expect("certificates");
    let trusted = async || {
        Redis::connect(client.get_connection_info().clone())
            .await
            .expect("it is trusted")
    };
    let nodes = Nodes::start_with(2, trusted).await;
    let (mut client, _) = nodes.connect(0, 0).await;
    let counters = || nodes.hub(0).backplane_counters().expect("a backplane");
    until("the other node to be heard of", || counters().received > 0).await;
    nodes.endpoint(1).sync_broadcast("hi");
    assert_eq!(client.receive_text().await, "hi");
}

#[tokio::test]
async fn address_and_prefix_that_are_not_valid_are_errors_that_say_so() {
    for address in [
        "127.0.0.1:6379",
        "127.0.0.1:6379:1",
        "localhost:6379",
        "nats://127.0.0.1:4222",
        "redis://user:pass word@",
    ] {
        let error = Redis::connect(address).await.expect_err("no address").to_string();
        assert!(
            error.contains("it begins with `redis://`, like `redis://127.0.0.1:6379`"),
            "{error}"
        );
        assert!(!error.contains("pass word"), "{error}");
    }
    let lazy = || Redis::connect_lazy("redis://127.0.0.1:6379").expect("an address");
    for prefix in ["", "chat*", "a:b", "a..b", ".a", &"a".repeat(65)] {
        let error = lazy().prefix(prefix).expect_err("no prefix").to_string();
        assert!(
            error.contains(&format!("`{prefix}`")) && error.contains("1 to 64"),
            "{error}"
        );
    }
    lazy().prefix("chat-1.test_2").expect("a prefix");
}

#[tokio::test]
async fn nats_server_at_the_address_is_an_error_of_one_line_that_says_so() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let address = server.url().replace("nats://", "redis://");
    let error = Redis::connect(address).await.expect_err("no Redis").to_string();
    assert!(
        error.contains("this is not a Redis server") && error.lines().count() == 1,
        "{error}"
    );
}

#[tokio::test]
async fn server_without_tls_is_an_error_that_asks_for_it() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let address = server.url().replace("redis://", "rediss://");
    let error = Redis::connect(address).await.expect_err("no TLS").to_string();
    assert!(error.contains("does the server speak TLS?"), "{error}");
}
