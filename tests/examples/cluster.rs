//! The examples `cluster` and `publisher`.

use robyn_ws_tests::NatsServer;
use serde_json::{Value, json};

use crate::support::{Client, Example, run_to_its_end_with};

/// Waits until somebody says this, and returns who is in the room then.
async fn expect(client: &mut Client, name: &str, text: &str) -> Value {
    loop {
        let mut said = client.json().await;
        if said["name"] == name && said["text"] == text {
            return said["people"].take();
        }
    }
}

#[tokio::test]
async fn cluster_is_one_chat_on_two_nodes_and_a_publisher_reaches_both() {
    let Some(broker) = NatsServer::start().await else {
        return;
    };
    let url = broker.url();
    let variables = [("NATS_URL", url.as_str())];
    let one = Example::start_with("cluster", &variables).await;
    let other = Example::start_with("cluster", &variables).await;
    let mut ada = one.connect("/chat/kitchen?name=ada").await;
    let mut bob = other.connect("/chat/kitchen?name=bob").await;
    // The nodes hear of each other in a moment.
    let both = json!(["ada", "bob"]);
    let mut tries = 0;
    while expect_echo(&mut ada, "hello?").await != both || expect_echo(&mut bob, "hello!").await != both {
        tries += 1;
        assert!(tries < 10_000, "the people of both nodes");
    }
    ada.say("from one node").await;
    assert_eq!(expect(&mut bob, "ada", "from one node").await, both);
    bob.say("from the other").await;
    assert_eq!(expect(&mut ada, "bob", "from the other").await, both);
    let published = run_to_its_end_with("publisher", &["soup"], &variables).await;
    assert!(published.status.success(), "{published:?}");
    expect(&mut ada, "the cook", "soup").await;
    expect(&mut bob, "the cook", "soup").await;
    bob.leave().await;
    expect(&mut ada, "bob", "has left").await;
    drop(ada);
    one.stop().await;
    other.stop().await;
}

/// Says something, and waits until it comes back.
async fn expect_echo(client: &mut Client, text: &str) -> Value {
    client.say(text).await;
    loop {
        let mut said = client.json().await;
        if said["text"] == text {
            return said["people"].take();
        }
    }
}
