//! Examples of sending: to one client, and to many.

use robyn_ws::ConnectionId;

use crate::support::{Client, Example};

#[tokio::test]
async fn send_to_reaches_the_named_client_and_tells_the_sender() {
    let example = Example::start("send_to").await;
    let (mut one, one_id) = introduced(&example).await;
    let (mut other, other_id) = introduced(&example).await;
    let (bystander, _) = introduced(&example).await;
    one.say(format!("{other_id} hello there")).await;
    assert_eq!(other.text().await, format!("{one_id} tells you hello there"));
    assert_eq!(one.text().await, "Sent");
    assert_eq!(bystander.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn send_to_says_why_it_could_not_send_and_carries_on() {
    let example = Example::start("send_to").await;
    let (mut one, _) = introduced(&example).await;
    let (gone, gone_id) = introduced(&example).await;
    assert_eq!(gone.leave().await, []);
    one.say(format!("{gone_id} hello")).await;
    assert!(one.text().await.starts_with("not connected"));
    one.say("joker hello").await;
    assert!(one.text().await.starts_with("`joker` is not a connection id"));
    one.say("hello").await;
    assert_eq!(one.text().await, "You told yourself hello");
    assert!(one.text().await.starts_with("Write an id"));
    assert_eq!(one.leave().await, []);
    example.stop().await;
}

/// Connects, and learns its own id.
async fn introduced(example: &Example) -> (Client, ConnectionId) {
    let mut client = example.connect("/send_to").await;
    let greeting = client.text().await;
    let id = greeting.strip_prefix("You are ").expect("the greeting tells the id");
    (client, id.parse().expect("an id"))
}

#[tokio::test]
async fn prices_are_those_of_the_symbol_asked_for_and_rise() {
    let example = Example::start("prices").await;
    let mut client = example.connect("/prices").await;
    client.say("DOGE").await;
    assert_eq!(client.text().await, "Unknown: DOGE");
    client.say("BTC").await;
    let (mut is_subscribed, mut before) = (false, 0.0);
    for _ in 0..50 {
        let text = client.text().await;
        if text == "Subscribed to BTC" {
            is_subscribed = true;
            continue;
        }
        let price = text.strip_prefix("BTC ").and_then(|price| price.parse::<f64>().ok());
        let price = price.unwrap_or_else(|| panic!("{text:?} is not a price"));
        assert!(price > before, "{price} came after {before}");
        before = price;
    }
    assert!(is_subscribed);
    example.stop().await;
}

#[tokio::test]
async fn broadcast_reaches_everyone_others_and_rooms() {
    let example = Example::start("broadcast").await;
    let mut one = example.connect("/broadcast").await;
    assert_eq!(one.text().await, "1 connected");
    let mut two = example.connect("/broadcast").await;
    assert_eq!(two.text().await, "2 connected");
    assert_eq!(one.text().await, "Somebody came");

    one.say("hello").await;
    assert_eq!(one.text().await, "hello");
    assert_eq!(two.text().await, "hello");

    two.say("/join red").await;
    assert_eq!(two.text().await, "1 in red");
    one.say("/red alert").await;
    assert_eq!(one.text().await, "Told 1");
    assert_eq!(two.text().await, "red: alert");

    assert_eq!(two.leave().await, [], "the leaver is not told that it left");
    assert_eq!(one.text().await, "Somebody left");
    one.say("/red alert").await;
    assert_eq!(one.text().await, "Told 0");
    example.stop().await;
}
