//! Examples of messages, sessions and closing.

use axum::http::StatusCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::Example;

#[tokio::test]
async fn echo_echoes_text_and_binary() {
    let example = Example::start("echo").await;
    let mut client = example.connect("/").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "hi");
    client.say(vec![0, 255]).await;
    assert_eq!(client.next().await, Message::binary(vec![0, 255]));
    example.stop().await;
}

#[tokio::test]
async fn compression_echoes_also_to_a_client_without_it() {
    let example = Example::start("compression").await;
    for path in ["/", "/shared"] {
        let mut client = example.connect(path).await;
        let long = "again and ".repeat(1000);
        client.say(long.clone()).await;
        assert_eq!(client.text().await, long);
        assert!(!client.headers.contains_key("sec-websocket-extensions"));
    }
    let mut client = example.connect("/secret").await;
    client.say("7").await;
    assert_eq!(client.text().await, "the secret is 3141592653, and you said 7");
    example.stop().await;
}

#[tokio::test]
async fn json_is_read_and_answered() {
    let example = Example::start("json").await;
    for path in ["/json", "/json/patient"] {
        let mut client = example.connect(path).await;
        client.say(r#"{"do": "add", "a": 1, "b": 2}"#).await;
        assert_eq!(client.json().await, json!({"sum": 3}), "{path}");
        client.say(r#"{"do": "shout", "text": "hi\nthere"}"#).await;
        assert_eq!(client.json().await, json!({"loud": "HI\nTHERE"}), "{path}");
        client
            .say(format!(r#"{{"do": "add", "a": {}, "b": 1}}"#, i64::MAX))
            .await;
        assert_eq!(client.json().await, json!({"error": "too big"}), "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn json_that_is_wrong_closes_or_is_answered_as_the_handler_wants() {
    let example = Example::start("json").await;
    for wrong in ["hi", r#"{"do": "dance"}"#, r#"{"do": "add", "a": 1}"#] {
        let strict = example.connect("/json").await;
        strict.say(wrong).await;
        let (code, reason) = strict.closed().await;
        assert_eq!(code, 1007, "{wrong}");
        assert!(!reason.is_empty(), "{wrong}");

        let mut patient = example.connect("/json/patient").await;
        patient.say(wrong).await;
        assert!(patient.json().await["error"].is_string(), "{wrong}");
        patient.say(r#"{"do": "add", "a": 1, "b": 2}"#).await;
        assert_eq!(patient.json().await, json!({"sum": 3}), "{wrong}");
    }
    example.stop().await;
}

#[tokio::test]
async fn binary_messages_are_bytes_and_told_apart_from_text() {
    let example = Example::start("binary").await;
    let mut reverse = example.connect("/reverse").await;
    reverse.say(vec![1, 2, 255]).await;
    assert_eq!(reverse.next().await, Message::binary(vec![255, 2, 1]));
    reverse.say("abc").await;
    assert_eq!(reverse.next().await, Message::binary("cba"));

    let mut kind = example.connect("/kind").await;
    kind.say("häh").await;
    assert_eq!(kind.text().await, "text of 3 characters");
    kind.say("häh".as_bytes().to_vec()).await;
    assert_eq!(kind.text().await, "4 bytes");

    let sender = example.connect("/relay").await;
    let mut receiver = example.connect("/relay").await;
    sender.say(vec![0; 64 * 1024]).await;
    assert_eq!(receiver.next().await, Message::binary(vec![0; 64 * 1024]));
    assert_eq!(sender.leave().await, []);
    receiver.say(vec![0; 64 * 1024 + 1]).await;
    assert_eq!(receiver.closed().await.0, 1009);
    example.stop().await;
}

#[tokio::test]
async fn session_echoes_until_the_client_leaves() {
    let example = Example::start("session").await;
    let mut client = example.connect("/echo").await;
    for text in ["one", "two", ""] {
        client.say(text).await;
        assert_eq!(client.text().await, format!("Echo: {text}"));
    }
    assert_eq!(client.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn session_counts_down_and_closes_unless_it_is_stopped() {
    let example = Example::start("session").await;
    let mut patient = example.connect("/countdown?from=1").await;
    let mut hasty = example.connect("/countdown?from=1000").await;
    assert_eq!(hasty.text().await, "1000");
    hasty.say("stop").await;
    let mut last = hasty.text().await;
    while last.parse::<u32>().is_ok_and(|left| left > 990) {
        last = hasty.text().await;
    }
    assert!(last.starts_with("Stopped before "), "{last}");
    assert_eq!(hasty.closed().await, (1000, String::new()));

    assert_eq!(patient.text().await, "1");
    assert_eq!(patient.text().await, "0");
    assert_eq!(patient.closed().await, (1000, String::new()));
    let refusal = example.refusal("/countdown").await;
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    example.stop().await;
}

#[tokio::test]
async fn close_sends_the_code_and_reason_it_was_given_and_what_was_said_before() {
    let example = Example::start("close").await;
    let mut client = example.connect("/close").await;
    client.say("hello").await;
    assert_eq!(client.text().await, "Message received");
    client.say("disconnect").await;
    assert_eq!(client.text().await, "Closing connection");
    assert_eq!(client.text().await, "Goodbye");
    assert_eq!(client.closed().await, (1000, String::new()));

    let mut banned = example.connect("/close").await;
    banned.say("ban").await;
    assert_eq!(banned.text().await, "Closing connection");
    assert_eq!(banned.text().await, "Goodbye");
    assert_eq!(banned.closed().await, (4003, "banned".to_owned()));

    let failed = example.connect("/close").await;
    failed.say("fail").await;
    assert_eq!(failed.closed().await, (4000, "you asked for it".to_owned()));
    example.stop().await;
}

#[tokio::test]
async fn close_says_no_goodbye_to_a_client_that_leaves() {
    let example = Example::start("close").await;
    let client = example.connect("/close").await;
    assert_eq!(client.leave().await, []);
    example.stop().await;
}
