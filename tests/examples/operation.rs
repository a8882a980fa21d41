//! Examples of what operators see, and of servers that are part of another.

use crate::support::Example;

#[tokio::test]
async fn metrics_tell_of_upgrades_connections_and_messages() {
    let example = Example::start("metrics").await;
    let mut client = example.connect("/echo").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "hi");
    let metrics = example.get("/metrics").await.body;
    for line in [
        r#"robyn_ws_connections{endpoint="/echo"} 1"#,
        r#"robyn_ws_upgrades_total{endpoint="/echo",status="101",reason="accepted"} 1"#,
        r#"robyn_ws_messages_received_total{endpoint="/echo"} 1"#,
        r#"robyn_ws_received_bytes_total{endpoint="/echo"} 2"#,
    ] {
        assert!(metrics.lines().any(|seen| seen == line), "`{line}` in:\n{metrics}");
    }
    example.stop().await;
}

#[tokio::test]
async fn spans_are_printed_with_their_times_and_without_the_query() {
    let example = Example::start("spans").await;
    let mut client = example.connect("/orders?token=secret").await;
    client.say("tea").await;
    assert_eq!(client.text().await, "one tea");
    assert_eq!(client.leave().await, []);
    let log = example.stop().await;
    let handler = r#"ws.message{event="message" handler="order"}"#;
    for (words, more) in [
        ("ordered what=\"tea\"", handler),
        ("close time.busy=", handler),
        (
            "gone reason=closed by the client",
            r#"ws.message{event="close" handler="gone"}"#,
        ),
    ] {
        let line = log.lines().find(|line| line.contains(words) && line.contains(more));
        let line = line.unwrap_or_else(|| panic!("no `{words}` in `{more}` in:\n{log}"));
        assert!(line.contains("ws.connection{id="), "{line}");
        assert!(line.contains("endpoint=/orders peer=127.0.0.1:"), "{line}");
    }
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn mount_in_axum_serves_pages_and_sockets_behind_the_same_layers() {
    let example = Example::start("mount_in_axum").await;
    let answer = example.get("/").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Visit 1\n"));
    assert!(answer.head.contains("server: gotham"), "{}", answer.head);
    for (path, visit) in [("/echo", 2), ("/live/echo", 3)] {
        let mut client = example.connect(path).await;
        assert_eq!(client.headers["server"], "gotham", "{path}");
        assert_eq!(client.text().await, format!("Visit {visit}"), "{path}");
        client.say("hi").await;
        assert_eq!(client.text().await, "hi", "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn mount_in_axum_tells_its_clients_when_it_stops() {
    let example = Example::start("mount_in_axum").await;
    let mut client = example.connect("/live/echo").await;
    assert_eq!(client.text().await, "Visit 1");
    example.ask_to_stop().await;
    assert_eq!(client.closed().await.0, 1001);
    example.ended().await;
}

#[tokio::test]
async fn http_to_ws_sends_what_is_published_to_every_reader() {
    let example = Example::start("http_to_ws").await;
    assert_eq!(example.post("/publish", "unheard").await.body, "sent to 0\n");
    let mut readers = [example.connect("/news").await, example.connect("/news").await];
    for reader in &mut readers {
        assert_eq!(reader.text().await, "Waiting for news");
    }
    assert_eq!(example.get("/readers").await.body, "2 connected\n");
    assert_eq!(example.post("/publish", "Joker escaped").await.body, "sent to 2\n");
    for mut reader in readers {
        reader.say("a reader is not heard").await;
        assert_eq!(reader.text().await, "Joker escaped");
        assert_eq!(reader.leave().await, []);
    }
    assert_eq!(example.get("/readers").await.body, "0 connected\n");
    example.stop().await;
}
