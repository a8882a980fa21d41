//! The example `who_is_here`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Client, Example};

/// Waits for this event. A list of people, which may be of an earlier moment, is skipped before it.
async fn expect(client: &mut Client, event: Value) {
    loop {
        let got = client.json().await;
        if got == event {
            return;
        }
        assert_eq!(got["event"], "people", "{event} was expected");
    }
}

fn people(people: &[(&str, usize, bool)]) -> Value {
    let people: Vec<_> = people
        .iter()
        .map(|(name, tabs, is_idle)| json!({"name": name, "tabs": tabs, "is_idle": is_idle}))
        .collect();
    json!({"event": "people", "people": people})
}

#[tokio::test]
async fn who_is_here_tells_who_comes_and_goes_once_for_all_tabs() {
    let example = Example::start("who_is_here").await;
    let mut robin = example.connect("/here?name=Robin").await;
    expect(&mut robin, json!({"event": "came", "name": "Robin"})).await;
    expect(&mut robin, people(&[("Robin", 1, false)])).await;
    let alfred = example.connect("/here?name=Alfred").await;
    expect(&mut robin, json!({"event": "came", "name": "Alfred"})).await;
    let tab = example.connect("/here?name=+Alfred").await;
    // The second tab is no arrival, which would have come before this list.
    expect(&mut robin, people(&[("Alfred", 2, false), ("Robin", 1, false)])).await;
    drop(alfred);
    expect(&mut robin, people(&[("Alfred", 1, false), ("Robin", 1, false)])).await;
    tab.leave().await;
    expect(&mut robin, json!({"event": "gone", "name": "Alfred"})).await;
    expect(&mut robin, people(&[("Robin", 1, false)])).await;
    example.stop().await;
}

#[tokio::test]
async fn who_is_here_tells_who_is_idle_in_all_tabs() {
    let example = Example::start("who_is_here").await;
    let mut robin = example.connect("/here?name=Robin").await;
    let tab = example.connect("/here?name=Robin").await;
    expect(&mut robin, json!({"event": "came", "name": "Robin"})).await;
    expect(&mut robin, people(&[("Robin", 2, false)])).await;
    robin.say("idle").await;
    robin.say("what").await;
    tab.say("idle").await;
    expect(&mut robin, people(&[("Robin", 2, true)])).await;
    tab.say("active").await;
    expect(&mut robin, people(&[("Robin", 2, false)])).await;
    tab.leave().await;
    expect(&mut robin, people(&[("Robin", 1, true)])).await;
    example.stop().await;
}

#[tokio::test]
async fn who_is_here_refuses_names_that_are_none() {
    let example = Example::start("who_is_here").await;
    let long = "x".repeat(25);
    for path in [
        "/here".to_owned(),
        "/here?name=+".to_owned(),
        format!("/here?name={long}"),
    ] {
        let refusal = example.refusal(&path).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(refusal.body().contains("name"), "{path}: {}", refusal.body());
    }
    example.stop().await;
}

#[tokio::test]
async fn who_is_here_closes_the_oldest_of_too_many_tabs() {
    let example = Example::start("who_is_here").await;
    let oldest = example.connect("/here?name=Robin").await;
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(example.connect("/here?name=Robin").await);
    }
    let mut oldest = oldest;
    let code = loop {
        if let tokio_tungstenite::tungstenite::Message::Close(frame) = oldest.next().await {
            break frame.map(|frame| u16::from(frame.code));
        }
    };
    assert_eq!(code, Some(4409));
    expect(&mut others[9], people(&[("Robin", 10, false)])).await;
    example.stop().await;
}
