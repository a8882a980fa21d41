//! The example `from_robyn`: the snippets of Robyn's documentation.

use tokio_tungstenite::tungstenite::Message;

use crate::support::Example;

const TO_SELF: &str = "This is a message to self";

#[tokio::test]
async fn from_robyn_greets_answers_and_says_goodbye() {
    let example = Example::start("from_robyn").await;
    let mut client = example.connect("/web_socket").await;
    assert_eq!(client.text().await, "Connected to ws");
    client.say("hi").await;
    assert_eq!(client.text().await, "Hello world, from ws");
    assert_eq!(client.leave().await, [Message::text("Goodbye world, from ws")]);
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_sends_to_self_and_to_nobody_else() {
    let example = Example::start("from_robyn").await;
    for path in ["/sync_send_to", "/async_send_to"] {
        let mut client = example.connect(path).await;
        let bystander = example.connect(path).await;
        client.say("hi").await;
        assert_eq!(client.text().await, TO_SELF, "{path}");
        assert_eq!(bystander.leave().await, [], "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_keeps_a_state_for_each_connection() {
    let example = Example::start("from_robyn").await;
    for _connection in 0..2 {
        let mut client = example.connect("/async_send_to").await;
        for number in 1..=2 {
            client.say("hi").await;
            assert_eq!(client.text().await, TO_SELF);
            assert_eq!(client.text().await, format!("You have sent {number} so far"));
        }
    }
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_broadcasts_to_everyone_on_the_endpoint_and_to_nobody_elsewhere() {
    let example = Example::start("from_robyn").await;
    for path in ["/sync_broadcast", "/async_broadcast"] {
        let mut sender = example.connect(path).await;
        let mut receiver = example.connect(path).await;
        let elsewhere = example.connect("/close").await;
        sender.say("hi").await;
        assert_eq!(sender.text().await, TO_SELF, "{path}");
        assert_eq!(receiver.text().await, TO_SELF, "{path}");
        for client in [sender, receiver, elsewhere] {
            assert_eq!(client.leave().await, [], "{path}");
        }
    }
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_authorizes_gordon_by_his_decoded_query() {
    const PATH: &str = "/query_params";
    const NEWS: &str = "Gordon authorized to login!";

    let example = Example::start("from_robyn").await;
    let mut listener = example.connect(PATH).await;
    for query in [
        "?name=gordon&desg=commissioner",
        "?desg=comm%69ssioner&name=joker&name=gordon",
    ] {
        let mut gordon = example.connect(&format!("{PATH}{query}")).await;
        gordon.say("hi").await;
        assert_eq!(gordon.text().await, NEWS, "{query}");
        assert_eq!(listener.text().await, NEWS, "{query}");
    }
    for query in ["", "?name=gordon", "?name=joker&desg=commissioner"] {
        let stranger = example.connect(&format!("{PATH}{query}")).await;
        stranger.say("hi").await;
        assert_eq!(stranger.leave().await, [], "{query}");
    }
    assert_eq!(listener.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_closes_when_told_to_disconnect() {
    let example = Example::start("from_robyn").await;
    let mut client = example.connect("/close").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "Message received");
    client.say("disconnect").await;
    assert_eq!(client.text().await, "Closing connection");
    assert_eq!(client.closed().await, (1000, String::new()));
    example.stop().await;
}

#[tokio::test]
async fn from_robyn_tells_its_clients_when_it_stops() {
    let example = Example::start("from_robyn").await;
    let client = example.connect("/close").await;
    example.ask_to_stop().await;
    assert_eq!(client.closed().await.0, 1001);
    example.ended().await;
}
