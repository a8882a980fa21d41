//! Examples of what a connection learns from its request, and from its app.

use axum::http::StatusCode;
use tokio_tungstenite::tungstenite::Message;

use crate::support::Example;

#[tokio::test]
async fn query_params_are_decoded_and_may_be_missing() {
    let example = Example::start("query_params").await;
    for (query, greeting) in [
        ("?name=gordon&desg=commissioner", "Gordon authorized to login!"),
        ("?name=g%6Frdon&desg=commissioner", "Gordon authorized to login!"),
        ("?name=joker+jr", "joker jr is not authorized"),
        ("", "Who is there?"),
    ] {
        let mut client = example.connect(&format!("/login{query}")).await;
        assert_eq!(client.text().await, greeting, "{query}");
    }
    example.stop().await;
}

#[tokio::test]
async fn query_params_that_are_wrong_are_refused_before_the_connection() {
    let example = Example::start("query_params").await;
    let mut client = example.connect("/floor/-3?lamps=2&dimmed=true").await;
    assert_eq!(client.text().await, "Floor -3: 2 dimmed lamps");
    let mut client = example.connect("/floor/3?lamps=2").await;
    assert_eq!(client.text().await, "Floor 3: 2 bright lamps");
    for (path, culprit) in [
        ("/floor/3?lamps=many", "lamps"),
        ("/floor/3", "lamps"),
        ("/floor/attic?lamps=2", "attic"),
    ] {
        let refusal = example.refusal(path).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(refusal.body().contains(culprit), "{path}: {}", refusal.body());
    }
    example.stop().await;
}

#[tokio::test]
async fn auth_lets_in_who_has_a_token_and_knows_them() {
    let example = Example::start("auth").await;
    let mut alfred = example.connect("/cave?token=alfred-1").await;
    let mut robin = example
        .connect_with("/cave", &[("authorization", "Bearer robin-2")])
        .await;
    assert_eq!(alfred.text().await, "Welcome, Alfred");
    assert_eq!(robin.text().await, "Welcome, Robin");
    robin.say("hi").await;
    assert_eq!(robin.text().await, "Robin said hi");
    example.stop().await;
}

#[tokio::test]
async fn auth_answers_401_to_strangers() {
    let example = Example::start("auth").await;
    for path in ["/cave", "/cave?token=", "/cave?token=joker"] {
        let refusal = example.refusal(path).await;
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(refusal.headers()["www-authenticate"], "Bearer", "{path}");
        assert_eq!(refusal.body(), "the cave needs a valid token\n", "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn state_belongs_to_one_connection() {
    let example = Example::start("state").await;
    let mut one = example.connect("/mean").await;
    let mut other = example.connect("/mean").await;
    one.say("1").await;
    assert_eq!(one.text().await, "mean 1");
    one.say("2").await;
    assert_eq!(one.text().await, "mean 1.5");
    one.say("many").await;
    assert_eq!(one.text().await, "`many` is not a number");
    other.say("10").await;
    assert_eq!(other.text().await, "mean 10");
    assert_eq!(one.leave().await, [Message::text("Goodbye after 2 numbers")]);
    example.stop().await;
}

#[tokio::test]
async fn dependencies_are_shared_by_all_connections() {
    let example = Example::start("dependencies").await;
    for number in 1..=3 {
        let mut client = example.connect("/signal").await;
        client.say("bat").await;
        assert_eq!(client.text().await, format!("Signal {number} over Gotham"));
    }
    example.stop().await;
}

#[tokio::test]
async fn sub_router_gives_its_endpoints_a_prefix_and_a_motto_of_their_own() {
    let example = Example::start("sub_router").await;
    assert_eq!(example.endpoints(), ["/league/cave/computer", "/league/chat"]);
    let mut chat = example.connect("/league/chat").await;
    let mut computer = example.connect("/league/cave/computer").await;
    chat.say("hi").await;
    assert_eq!(chat.text().await, "hi (We are many)");
    computer.say("open").await;
    assert_eq!(computer.text().await, "Somebody is at the computer (I work alone)");
    for path in ["/chat", "/computer", "/cave/computer", "/league/computer"] {
        assert_eq!(example.refusal(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn sub_router_narrows_the_limits_of_its_endpoints() {
    let example = Example::start("sub_router").await;
    let long = "x".repeat(1025);
    let mut chat = example.connect("/league/chat").await;
    chat.say(long.as_str()).await;
    assert_eq!(chat.text().await, format!("{long} (We are many)"));
    let computer = example.connect("/league/cave/computer").await;
    computer.say(long.as_str()).await;
    assert_eq!(computer.closed().await.0, 1009);
    example.stop().await;
}
