//! Sending to this client and to others, by id.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Gate, Probe, Server, probe, within};

#[websocket("/sending/order", on = "message")]
fn sync_in_order(ws: WebSocketConnector) -> Result<&'static str, SendError> {
    ws.sync_send_to(ws.id(), "sent 1")?;
    ws.sync_send("sent 2")?;
    assert_eq!(ws.sync_broadcast("broadcast").queued, 1);
    ws.sync_send(b"sent 3")?;
    Ok("returned")
}

#[websocket("/sending/async_order", on = "message")]
async fn async_in_order(ws: WebSocketConnector) -> Result<&'static str, SendError> {
    ws.async_send_to(ws.id(), "sent 1").await?;
    tokio::task::yield_now().await;
    ws.async_send("sent 2").await?;
    assert_eq!(ws.async_broadcast("broadcast").await.queued, 1);
    ws.async_send(b"sent 3").await?;
    Ok("returned")
}

#[tokio::test]
async fn what_a_handler_sends_and_returns_arrives_in_program_order() {
    let server = Server::start(App::new()).await;
    for path in ["/sending/order", "/sending/async_order"] {
        let mut client = server.connect(path).await;
        for _ in 0..20 {
            client.send("go").await;
            client.expect_texts(&["sent 1", "sent 2", "broadcast"]).await;
            client.expect(b"sent 3").await;
            client.expect_text("returned").await;
        }
    }
}

// ---- by id -------------------------------------------------------------------------------------------------------------

/// The message is the id of another connection.
#[websocket("/sending/to", on = "message")]
fn send_to(ws: WebSocketConnector, msg: &str) -> String {
    match msg.parse() {
        Ok(id) => format!("{:?}", ws.sync_send_to(id, "for you")),
        Err(error) => error.to_string(),
    }
}

#[websocket("/sending/to_later", on = "message")]
async fn async_send_to(ws: WebSocketConnector, msg: String) -> String {
    match msg.parse() {
        Ok(id) => format!("{:?}", ws.async_send_to(id, "for you").await),
        Err(error) => error.to_string(),
    }
}

#[websocket("/sending/to", on = "connect")]
#[websocket("/sending/to_later", on = "connect")]
fn tell_id(ws: &WebSocketConnector) -> String {
    ws.id().to_string()
}

const BOTH: [&str; 2] = ["/sending/to", "/sending/to_later"];

#[tokio::test]
async fn send_to_another_reaches_that_one_and_the_sender_gets_only_the_reply() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let mut sender = server.connect(path).await;
        let mut other = server.connect(path).await;
        let mut third = server.connect(path).await;
        let (own, id, _) = (sender.text().await, other.text().await, third.text().await);
        assert_ne!(own, id);

        sender.ask(id, "Ok(())").await;
        other.expect_text("for you").await;
        // Neither of the others was sent anything before these answers.
        sender
            .ask(
                "x",
                "`x` is not a connection id: expected a UUID such as `67e55044-10b1-426f-9247-bb680e5fe0c8`",
            )
            .await;
        third.send(own).await;
        third.expect_text("Ok(())").await;
        sender.expect_text("for you").await;
    }
}

#[tokio::test]
async fn send_to_an_unknown_id_fails_and_the_connection_goes_on() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let mut client = server.connect(path).await;
        let own = client.text().await;
        let unknown = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        client.ask(unknown, "Err(NotConnected)").await;
        client.send(own).await;
        client.expect_texts(&["for you", "Ok(())"]).await;
    }
}

#[tokio::test]
async fn send_to_the_id_of_a_client_that_has_left_fails() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let mut client = server.connect(path).await;
        client.text().await;
        let mut gone = server.connect(path).await;
        let id = gone.text().await;
        gone.leave().await;
        client.ask(id, "Err(NotConnected)").await;
    }
}

#[tokio::test]
async fn send_to_an_id_of_another_endpoint_fails() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sending/to").await;
    client.text().await;
    let mut elsewhere = server.connect("/sending/to_later").await;
    let id = elsewhere.text().await;
    client.ask(id.as_str(), "Err(NotConnected)").await;
    elsewhere.send(id).await;
    elsewhere.expect_texts(&["for you", "Ok(())"]).await;
}

#[tokio::test]
async fn text_that_is_no_id_is_an_error_and_no_panic() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let mut client = server.connect(path).await;
        client.text().await;
        for text in ["", "not-a-uuid", "67e55044-10b1-426f-9247-bb680e5fe0c", "\u{1F987}"] {
            client.send(text).await;
            let answer = client.text().await;
            assert!(
                answer.starts_with(&format!("`{text}` is not a connection id")),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn ids_are_random_uuids_that_parse_back() {
    let server = Server::start(App::new()).await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20 {
        let text = server.connect("/sending/to").await.text().await;
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4', "version 4: {text}");
        let id: ConnectionId = text.parse().expect("an id parses");
        assert_eq!(id.to_string(), text);
        assert!(seen.insert(id), "{id} came twice");
    }
}

#[test]
fn connector_and_hub_go_to_any_task() {
    fn assert_shareable<T: Clone + Send + Sync + 'static>() {}
    assert_shareable::<WebSocketConnector>();
    assert_shareable::<Hub>();
    assert_shareable::<Audience>();
    assert_shareable::<ConnectionId>();
}

// ---- from another task -------------------------------------------------------------------------------------------------

static TASKS: SubRouter = SubRouter::new("/sending/tasks");

#[websocket("/", on = "message", router = TASKS)]
fn start_task(ws: WebSocketConnector, gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    tokio::spawn(async move {
        gate.pass().await;
        probe.note(format!("open: {}", ws.is_open()));
        probe.note(format!("sync: {:?}", ws.sync_send("from the task")));
        probe.note(format!("async: {:?}", ws.async_send("and again").await));
        probe.note(format!("broadcast to {}", ws.sync_broadcast("to all").queued));
    });
    "the handler has returned"
}

#[tokio::test]
async fn connector_works_in_a_task_after_its_handler_returned() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new()
        .inject_global(gate.clone())
        .inject_global(probe)
        .include_router(&TASKS);
    let server = Server::start(app).await;
    let mut client = server.connect("/sending/tasks").await;
    client.ask("go", "the handler has returned").await;
    gate.open();
    client.expect_texts(&["from the task", "and again", "to all"]).await;
    for note in ["open: true", "sync: Ok(())", "async: Ok(())", "broadcast to 1"] {
        seen.expect(note).await;
    }
}

#[tokio::test]
async fn connector_in_a_task_is_told_that_its_client_has_left() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new()
        .inject_global(gate.clone())
        .inject_global(probe)
        .include_router(&TASKS);
    let server = Server::start(app).await;
    let mut client = server.connect("/sending/tasks").await;
    client.ask("go", "the handler has returned").await;
    client.leave().await;
    gate.open();
    for note in [
        "open: false",
        "sync: Err(NotConnected)",
        "async: Err(NotConnected)",
        "broadcast to 0",
    ] {
        seen.expect(note).await;
    }
}

#[websocket("/sending/wait_for_end", on = "connect")]
fn wait_for_end(ws: &WebSocketConnector, hub: Hub) {
    let (ws, hub) = (ws.clone(), hub);
    tokio::spawn(async move {
        within("the end of the connection", ws.closed()).await;
        hub.endpoint("/sending/watch").sync_broadcast("it has ended");
    });
}

#[websocket("/sending/watch", on = "connect")]
fn watch() -> &'static str {
    "watching"
}

#[tokio::test]
async fn closed_resolves_in_a_task_that_outlives_the_handler() {
    let server = Server::start(App::new()).await;
    let mut watcher = server.connect("/sending/watch").await;
    watcher.expect_text("watching").await;

    server.connect("/sending/wait_for_end").await.leave().await;
    watcher.expect_text("it has ended").await;

    drop(server.connect("/sending/wait_for_end").await);
    watcher.expect_text("it has ended").await;
}
