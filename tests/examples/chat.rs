//! The example `chat`.

use axum::http::StatusCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Example};

#[tokio::test]
async fn chat_tells_the_room_who_joined_and_left() {
    let example = Example::start("chat").await;
    let mut robin = member(&example, "cave", "Robin", 1).await;
    let alfred = member(&example, "cave", "Alfred", 2).await;
    assert_eq!(
        robin.json().await,
        json!({"event": "joined", "name": "Alfred", "people": 2})
    );
    let elsewhere = member(&example, "arkham", "Joker", 1).await;
    assert_eq!(elsewhere.leave().await, []);
    assert_eq!(alfred.leave().await, [], "the leaver is not told that it left");
    assert_eq!(
        robin.json().await,
        json!({"event": "left", "name": "Alfred", "people": 1})
    );
    assert_eq!(robin.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn chat_tells_the_room_of_a_client_that_was_cut_off() {
    let example = Example::start("chat").await;
    let mut robin = member(&example, "cave", "Robin", 1).await;
    let alfred = member(&example, "cave", "Alfred", 2).await;
    assert_eq!(robin.json().await["event"], "joined");
    drop(alfred);
    assert_eq!(
        robin.json().await,
        json!({"event": "left", "name": "Alfred", "people": 1})
    );
    example.stop().await;
}

#[tokio::test]
async fn chat_passes_what_is_said_to_the_whole_room_and_to_no_other() {
    const TEXT: &str = "<b>\"hi\"</b> & bye";

    let example = Example::start("chat").await;
    let mut robin = member(&example, "the%20cave", "Rob+in", 1).await;
    let alfred = member(&example, "the%20cave", "Alfred", 2).await;
    let joker = member(&example, "arkham", "Joker", 1).await;
    assert_eq!(robin.json().await["event"], "joined");
    alfred.say("  ").await;
    alfred.say(TEXT).await;
    robin.say("Connection closed").await;
    let said = json!({"event": "said", "name": "Alfred", "text": TEXT});
    let answered = json!({"event": "said", "name": "Rob in", "text": "Connection closed"});
    for mut client in [robin, alfred] {
        let (first, second) = (client.json().await, client.json().await);
        assert!([&first, &second].contains(&&said), "{first} {second}");
        assert!([&first, &second].contains(&&answered), "{first} {second}");
    }
    assert_eq!(joker.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn chat_refuses_names_that_are_none() {
    let example = Example::start("chat").await;
    let long = "x".repeat(25);
    for (path, culprit) in [
        ("/chat/cave".to_owned(), "name"),
        ("/chat/cave?name=+".to_owned(), "the name has"),
        (format!("/chat/cave?name={long}"), "the name has"),
        (format!("/chat/{long}?name=Robin"), "the room has"),
    ] {
        let refusal = example.refusal(&path).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(refusal.body().contains(culprit), "{path}: {}", refusal.body());
    }
    example.stop().await;
}

#[tokio::test]
async fn chat_disconnects_who_says_too_much() {
    let example = Example::start("chat").await;
    let long = member(&example, "cave", "Long", 1).await;
    long.say("x".repeat(4097)).await;
    assert_eq!(long.closed().await.0, 1009);
    let mut fast = member(&example, "cave", "Fast", 1).await;
    for _ in 0..100 {
        fast.say("x").await;
    }
    let mut heard = 0;
    let code = loop {
        match fast.next().await {
            Message::Close(frame) => break frame.map(|frame| u16::from(frame.code)),
            _ => heard += 1,
        }
    };
    assert_eq!(code, Some(1008));
    assert!(heard < 100, "everything was passed on");
    example.stop().await;
}

#[tokio::test]
async fn chat_says_over_http_why_it_refuses() {
    let example = Example::start("chat").await;
    assert_eq!(example.get("/check/cave?name=Robin").await.status, 200);
    let long = "x".repeat(25);
    let answer = example.get(&format!("/check/{long}?name=Robin")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (400, "the room has 1 to 24 characters\n")
    );
    example.stop().await;
}

/// Joins the room and is welcomed; `people` includes the newcomer.
async fn member(example: &Example, room: &str, name: &str, people: usize) -> Client {
    let mut client = example.connect(&format!("/chat/{room}?name={name}")).await;
    let welcome = client.json().await;
    let room = room.replace("%20", " ");
    assert_eq!(welcome, json!({"event": "welcome", "room": room, "people": people}));
    client
}
