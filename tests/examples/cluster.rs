//! The examples `cluster` and `publisher`.

use std::time::Duration;

use robyn_ws_tests::NatsServer;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Client, Example, run_to_its_end_with};

/// The page of the example.
struct Page {
    client: Client,
    /// The list that it shows.
    people: Value,
}

impl Page {
    async fn open(node: &Example, name: &str) -> Self {
        Self {
            client: node.connect(&format!("/chat/kitchen?name={name}")).await,
            people: Value::Null,
        }
    }

    /// Waits for a message of a person, and takes the lists that come before.
    async fn expect(&mut self, name: &str, text: &str) {
        loop {
            let said = self.receive().await;
            if said["name"] == name && said["text"] == text {
                return;
            }
        }
    }

    /// Asks until the list has these people.
    async fn expect_people(&mut self, people: &[&str]) {
        for _ in 0..1000 {
            self.client.say("/people").await;
            while self.receive().await.get("people").is_none() {}
            if self.people == json!(people) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("expected {people:?}, found {}", self.people);
    }

    /// Receives a message as the page does, and takes the list if it has one.
    async fn receive(&mut self) -> Value {
        let message = self.client.json().await;
        if let Some(people) = message.get("people") {
            self.people = people.clone();
        }
        message
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
    let mut ada = Page::open(&one, "ada").await;
    ada.expect_people(&["ada"]).await;
    let mut bob = Page::open(&other, "bob").await;
    // The nodes hear of each other in a moment.
    ada.expect_people(&["ada", "bob"]).await;
    bob.expect_people(&["ada", "bob"]).await;
    ada.client.say("from one node").await;
    bob.expect("ada", "from one node").await;
    bob.client.say("from the other").await;
    ada.expect("bob", "from the other").await;
    let published = run_to_its_end_with("publisher", &["soup"], &variables).await;
    assert!(published.status.success(), "{published:?}");
    for page in [&mut ada, &mut bob] {
        page.expect("the cook", "soup").await;
        assert_eq!(
            page.people,
            json!(["ada", "bob"]),
            "it has its list from its own node only"
        );
    }
    bob.client.leave().await;
    ada.expect("bob", "has left").await;
    assert_eq!(
        ada.people,
        json!(["ada", "bob"]),
        "it has its list from its own node only"
    );
    ada.expect_people(&["ada"]).await;
    drop(ada);
    one.stop().await;
    other.stop().await;
}
