//! The example `view`: a chat as one type, and as functions.

use axum::http::StatusCode;

use crate::support::Example;

#[tokio::test]
async fn view_and_functions_do_the_same() {
    let example = Example::start("view").await;
    for path in ["/view", "/functions"] {
        let mut bruce = example.connect(&format!("{path}/den?name=bruce")).await;
        assert_eq!(bruce.text().await, "Welcome to den, bruce", "{path}");
        let mut selina = example.connect(&format!("{path}/den?name=selina")).await;
        assert_eq!(selina.text().await, "Welcome to den, selina", "{path}");
        let elsewhere = example.connect(&format!("{path}/cave?name=alfred")).await;
        for (number, text) in [(1, "hi"), (2, "ho")] {
            bruce.say(text).await;
            for client in [&mut bruce, &mut selina] {
                assert_eq!(client.text().await, format!("{number}. bruce: {text}"), "{path}");
            }
        }
        selina.say("hm").await;
        assert_eq!(bruce.text().await, "1. selina: hm", "{path}");
        let mut heard = elsewhere.leave().await;
        assert_eq!(heard.remove(0).into_text().expect("text"), "Welcome to cave, alfred");
        assert_eq!(heard, [], "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn view_refuses_before_a_socket_is_opened() {
    let example = Example::start("view").await;
    for path in ["/view", "/functions"] {
        let refusal = example.refusal(&format!("{path}/den?name=joker")).await;
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN, "{path}");
        let refusal = example.refusal(&format!("{path}/den")).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
    }
    example.stop().await;
}
