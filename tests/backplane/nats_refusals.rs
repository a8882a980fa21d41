//! What a NATS server refuses, and addresses at which there is none.

use std::{fs, process::id, time::Duration};

use async_nats::ConnectOptions;
use robyn_ws::{
    Health, Interest, Nats, PublishError, Publisher,
    test_util::backplane::{TestNode, subject},
};
use robyn_ws_tests::{Log, NatsServer, RedisServer, until};

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

#[tokio::test]
async fn new_reason_of_an_outage_is_logged_and_each_is_logged_once() {
    let log = Log::subscribe();
    let Some(mut server) = NatsServer::start_with(&["--user", "anna", "--pass", "secret"]).await else {
        return;
    };
    server.kill();
    let wrong = server.url().replace("nats://", "nats://anna:battery@");
    let lazy = |address: &str| TestNode::open_at_once(Nats::connect_lazy(address).expect("it is valid"));
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let early = lazy(&wrong);
    let logged = |words: &str| lines(log, &["WARN robyn_ws", "cannot connect to NATS", &port, words]);
    until("a line that nobody is there", || logged("refused") == 1).await;
    server.run().await;
    until("a line that the password is wrong", || {
        logged("authorization violation") == 1
    })
    .await;
    let late = lazy(&wrong);
    until("a line of the other node", || logged("authorization violation") == 2).await;
    server.kill();
    server.run().await;
    // Further attempts.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(logged("authorization violation"), 2, "{}", log.text());
    assert_eq!(lines(log, &["battery"]), 0, "{}", log.text());
    drop((early, late));
}

#[tokio::test]
async fn reason_is_logged_where_the_client_tries_again_by_itself() {
    let log = Log::subscribe();
    let Some(server) = NatsServer::start_with(&["--user", "anna", "--pass", "secret"]).await else {
        return;
    };
    let options = ConnectOptions::new().retry_on_initial_connect();
    let nats = Nats::connect_with(server.url(), options)
        .await
        .expect("it returns at once");
    let _node = TestNode::open_at_once(nats);
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let words = [
        "WARN robyn_ws",
        "cannot connect to NATS",
        &port,
        "authorization violation",
    ];
    until("a line about it", || lines(log, &words) == 1).await;
}

#[tokio::test]
async fn redis_server_at_the_address_is_an_error_that_asks_what_is_there() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let error = Nats::connect(server.address().to_string()).await.expect_err("no NATS");
    let error = error.to_string();
    assert!(
        error.contains("timed out: is a NATS server at this address?") && error.lines().count() == 1,
        "{error}"
    );
}

#[tokio::test]
async fn file_of_certificates_that_is_not_there_is_an_error_that_names_the_setting() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let options = ConnectOptions::new()
        .require_tls(true)
        .add_root_certificates("no-such-file.pem".into());
    let error = Nats::connect_with(server.url(), options).await.expect_err("no file");
    let error = error.to_string();
    assert!(
        error.contains("No such file") && error.contains("`add_root_certificates`"),
        "{error}"
    );
}

#[tokio::test]
async fn server_without_tls_is_an_error_that_asks_for_it() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let address = server.url().replace("nats://", "tls://");
    let error = Nats::connect(address).await.expect_err("no TLS").to_string();
    assert!(error.contains("does the server speak TLS?"), "{error}");
}
