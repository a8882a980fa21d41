//! What a NATS server refuses.

use std::{fs, process::id};

use robyn_ws::{
    Health, Interest, Nats, PublishError, Publisher,
    test_util::backplane::{TestNode, subject},
};
use robyn_ws_tests::{Log, NatsServer, until};

/// Starts a server with a user `chat`, whose password is `secret`, and its permissions.
async fn start_with_permissions(name: &str, permissions: &str) -> Option<NatsServer> {
    let file = std::env::temp_dir().join(format!("robyn-ws-nats-{}-{name}.conf", id()));
    let user = format!("{{user: chat, password: secret, permissions: {{{permissions}}}}}");
    fs::write(&file, format!("authorization: {{users: [{user}]}}")).expect("files can be written");
    let server = NatsServer::start_with(&["--config", &file.display().to_string()]).await;
    fs::remove_file(file).expect("it is there");
    server
}

async fn connect(server: &NatsServer, prefix: &str) -> Nats {
    let address = server.url().replace("nats://", "nats://chat:secret@");
    let nats = Nats::connect(address).await.expect("the user may connect");
    nats.prefix(prefix).expect("it is valid")
}

fn lines(log: &Log, words: &[&str]) -> usize {
    let text = log.text();
    let has_all = |line: &&str| words.iter().all(|word| line.contains(word));
    text.lines().filter(has_all).count()
}

#[tokio::test]
async fn user_with_the_documented_permissions_is_refused_nothing() {
    let log = Log::subscribe();
    let permissions = r#"publish: "allowed.>", subscribe: "allowed.>""#;
    let Some(server) = start_with_permissions("allowed", permissions).await else {
        return;
    };
    let open = async || TestNode::open(connect(&server, "allowed").await).await;
    let (one, other) = (open().await, open().await);
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    one.publish(subject, "hello").await;
    assert_eq!(other.receive().await, "hello");
    other.subscribe(Interest::Partition(7)).await;
    assert_eq!(lines(log, &["WARN", "allowed."]), 0, "{}", log.text());
}

#[tokio::test]
async fn subscription_that_is_refused_is_a_warning_that_names_the_permission() {
    let log = Log::subscribe();
    let permissions = r#"publish: ">", subscribe: "other.>""#;
    let Some(server) = start_with_permissions("deaf", permissions).await else {
        return;
    };
    let node = TestNode::open(connect(&server, "deaf").await).await;
    for _ in 0..3 {
        node.subscribe(Interest::Subject(subject())).await;
    }
    let words = ["WARN", "refuses a subscription", "`deaf.>`", "deaf.answer"];
    until("a warning", || lines(log, &words) == 1).await;
    let refused = ["WARN robyn_ws", "refuses a subscription", "`deaf.>`"];
    assert_eq!(lines(log, &refused), 1, "one for all:\n{}", log.text());
}

#[tokio::test]
async fn payload_that_is_refused_is_an_error_of_the_next_call_and_a_warning() {
    let log = Log::subscribe();
    let permissions = r#"publish: "other.>", subscribe: ">""#;
    let Some(server) = start_with_permissions("mute", permissions).await else {
        return;
    };
    let publisher = Publisher::new(connect(&server, "mute").await);
    until("Up", || publisher.health() == Health::Up).await;
    let refused = publisher.endpoint("/chat").broadcast("hi").await;
    let refused = refused.expect_err("it is not permitted");
    assert!(matches!(refused, PublishError::Backplane(_)), "{refused}");
    let told = refused.to_string();
    assert!(
        told.contains("Permissions Violation for Publish") && told.contains("`mute.>`"),
        "{told}"
    );
    let words = ["WARN robyn_ws", "refuses to publish", "`mute.>`"];
    assert_eq!(lines(log, &words), 1, "one for all:\n{}", log.text());
}
