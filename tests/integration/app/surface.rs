//! The surface that handlers, HTTP routes, tests and server loops have alike.

use std::{sync::Arc, time::Duration};

use robyn_ws::{
    axum::{
        Router,
        http::header::SET_COOKIE,
        routing::{get, post},
    },
    prelude::*,
    test_util::{self, TestApp},
};
use robyn_ws_tests::{Pipe, Request, within};
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

static SURFACE: SubRouter = SubRouter::new("/surface");

struct Justice {
    city: &'static str,
}

fn app() -> App {
    App::new()
        .only([
            "/surface/rooms",
            "/surface/session",
            "/surface/private",
            "/surface/parsed",
        ])
        .inject_global(Justice { city: "Gotham" })
        .include_router(&SURFACE)
}

// ---- rooms and audiences ----------------------------------------------------------------------------------------------

/// Answers with what has changed.
#[websocket("/rooms", on = "message", router = SURFACE)]
fn rooms(ws: &WebSocketConnector, msg: &str) -> String {
    match msg {
        "join" => {
            let Joined {
                count,
                is_member,
                first_of_identity,
                ..
            } = ws.join("red");
            format!("{count} {is_member} {first_of_identity}")
        }
        "leave" => {
            let Left {
                count,
                was_member,
                last_of_identity,
                ..
            } = ws.leave("red");
            format!("{count} {was_member} {last_of_identity}")
        }
        "close the room" => ws.to("red").except(ws.id()).close_with(4000, "closed").to_string(),
        other => panic!("unknown command {other}"),
    }
}

#[tokio::test]
async fn join_and_leave_tell_what_has_changed() {
    let app = TestApp::new(app());
    let mut one = app.connect("/surface/rooms").await.expect("the upgrade");
    let mut other = app.connect("/surface/rooms").await.expect("the upgrade");
    for (is_one, command, answer) in [
        (true, "leave", "0 false false"),
        (true, "join", "1 true true"),
        (true, "join", "1 true false"),
        (false, "join", "2 true true"),
        (false, "leave", "1 true true"),
        (true, "leave", "0 true true"),
    ] {
        let client = if is_one { &mut one } else { &mut other };
        client.send_text(command).await;
        assert_eq!(client.receive_text().await, answer, "{command}");
    }
}

#[tokio::test]
async fn audience_names_its_connections_and_closes_them() {
    let app = TestApp::new(app());
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = app.connect("/surface/rooms").await.expect("the upgrade");
        client.send_text("join").await;
        client.receive_text().await;
        clients.push(client);
    }
    let endpoint = app.hub().endpoint("/surface/rooms");
    let (mut all, mut in_red) = (endpoint.ids(), endpoint.to("red").ids());
    all.sort();
    in_red.sort();
    assert_eq!((all.len(), &in_red), (3, &all));
    assert_eq!(endpoint.except(all[0]).ids().len(), 2);
    let mut first = clients.remove(0);
    first.send_text("close the room").await;
    assert_eq!(first.receive_text().await, "2");
    for mut client in clients {
        client.expect_close(4000).await;
    }
    assert_eq!(
        (endpoint.count(), endpoint.everyone().close(), endpoint.count()),
        (1, 1, 0)
    );
    first.expect_close(1000).await;
    assert_eq!(endpoint.everyone().close(), 0);
}

#[tokio::test]
async fn hub_hands_out_the_connector_of_an_id() {
    let app = TestApp::new(app());
    let mut client = app.connect("/surface/rooms").await.expect("the upgrade");
    let endpoint = app.hub().endpoint("/surface/rooms");
    let id = endpoint.ids()[0];
    let connector = endpoint.connector(id).expect("it is connected");
    assert!(connector.join("blue").is_member);
    connector.sync_send("from outside").expect("there is room");
    assert_eq!(client.receive_text().await, "from outside");
    assert_eq!(endpoint.close(id), Ok(()));
    client.expect_close(1000).await;
    assert!(endpoint.connector(id).is_none());
    assert_eq!(endpoint.close(id), Err(SendError::NotConnected));
}

// ---- JSON -------------------------------------------------------------------------------------------------------------

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Say {
    text: String,
}

fn say(text: &str) -> Say {
    Say { text: text.to_owned() }
}

#[websocket("/session", router = SURFACE)]
async fn session(mut socket: WebSocket) -> Result<(), HandlerError> {
    let Say { text } = socket.receive_json().await?;
    socket.sync_send_json(&say("one"))?;
    socket.async_send_json(&say("two")).await?;
    assert_eq!(socket.sync_broadcast("three").queued, 1);
    assert_eq!(socket.async_broadcast("four").await.queued, 1);
    assert_eq!(socket.connector().sync_broadcast_json(&say("five"))?.queued, 1);
    assert_eq!(
        socket
            .connector()
            .others()
            .async_broadcast_json(&say("none"))
            .await?
            .queued,
        0
    );
    socket.sync_send(Message::try_from(Json(say(&text)))?)?;
    Ok(())
}

#[tokio::test]
async fn json_is_sent_by_every_handle() {
    let app = TestApp::new(app());
    let mut client = app.connect("/surface/session").await.expect("the upgrade");
    client.send_json(&say("six")).await;
    for text in ["one", "two"] {
        assert_eq!(client.receive_json::<Say>().await, say(text));
    }
    assert_eq!(
        (client.receive_text().await, client.receive_text().await),
        ("three".into(), "four".into())
    );
    for text in ["five", "six"] {
        assert_eq!(client.receive_json::<Say>().await, say(text));
    }
    client.expect_close(1000).await;
}

#[websocket("/parsed", on = "message", router = SURFACE)]
fn parsed(msg: Message) -> Result<String, HandlerError> {
    let Say { text } = msg.parse_json()?;
    Ok(text)
}

#[tokio::test]
async fn bad_json_that_a_handler_passes_on_is_the_clients_mistake() {
    let app = TestApp::new(app());
    let mut client = app.connect("/surface/parsed").await.expect("the upgrade");
    client.send_json(&say("hi")).await;
    assert_eq!(client.receive_text().await, "hi");
    client.send_text("{}").await;
    client.expect_close(1007).await;
}

#[test]
fn message_is_parsed_as_json_and_says_where_it_is_not() {
    let message = Message::json(&say("hi")).expect("it is JSON");
    assert_eq!(message.parse_json::<Say>().expect("it is a Say"), say("hi"));
    let error = Message::from(r#"{"text":"secret"#)
        .parse_json::<Say>()
        .expect_err("it ends early");
    assert!(error.to_string().contains("line 1"), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    let map = std::collections::HashMap::from([(vec![1], 2)]);
    assert!(Message::json(&map).is_err(), "the keys of an object are strings");
}

// ---- HTTP routes ------------------------------------------------------------------------------------------------------

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct User(String);

/// An extractor that HTTP routes and upgrade handlers share.
struct Known(String);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Self::Rejection> {
        let justice = Global::<Justice>::from_request_parts(parts, state).await;
        let justice = justice.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "no justice"))?;
        let cookie = parts.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
        let name = cookie.and_then(|cookie| cookie.strip_prefix("user="));
        name.map(|name| Self(format!("{name} of {}", justice.city)))
            .ok_or((StatusCode::UNAUTHORIZED, "who are you?"))
    }
}

type SharedJustice = Option<Global<Justice>>;

#[websocket("/private", on = "upgrade", router = SURFACE)]
async fn authorize(Known(name): Known, justice: SharedJustice, own: Global<Justice>) -> User {
    assert_eq!(justice.expect("it was injected").city, own.city);
    User(name)
}

#[websocket("/private", on = "connect", router = SURFACE)]
fn welcome(user: &User) -> String {
    format!("welcome {}", user.0)
}

async fn login(name: String) -> impl IntoResponse {
    ([(SET_COOKIE, format!("user={name}; HttpOnly"))], "logged in")
}

async fn city(justice: Global<Justice>, hub: Hub) -> String {
    format!("{} with {}", justice.city, hub.count())
}

async fn missing(_: Global<Arc<str>>) {}

async fn with_state(State(number): State<u8>, justice: Global<Justice>) -> String {
    format!("{number} in {}", justice.city)
}

fn routes() -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/city", get(city))
        .route("/missing", get(missing))
        .route("/me", get(async |Known(name): Known| name))
        .merge(Router::new().route("/state", get(with_state)).with_state(7_u8))
}

#[tokio::test]
async fn http_routes_take_the_globals_of_the_app_and_its_hub() {
    let app = TestApp::new(app().http(routes()));
    assert_eq!(app.get("/city").await.text(), "Gotham with 0");
    assert_eq!(app.get("/state").await.text(), "7 in Gotham");
    let missing = app.get("/missing").await;
    assert_eq!(missing.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(missing.text(), "", "the reason is for the log");
    assert_eq!(app.get("/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn login_cookie_and_socket_are_one_test() {
    let app = TestApp::new(app().http(routes()));
    let refused = app.connect("/surface/private").await.expect_err("nobody is known");
    assert_eq!(
        (refused.status, &*refused.body),
        (StatusCode::UNAUTHORIZED, "who are you?")
    );
    let response = app.post("/login", "gordon").await;
    assert_eq!(
        (response.text(), response.cookies()),
        ("logged in", "user=gordon".to_owned())
    );
    let request = app.request("/surface/private").header("cookie", response.cookies());
    let mut client = request.connect().await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "welcome gordon of Gotham");
}

// ---- unit tests -------------------------------------------------------------------------------------------------------

#[test]
fn unit_test_makes_a_connector_and_sees_what_it_sends() {
    let (ws, mut sent) = test_util::connector("/surface/rooms?name=gordon");
    assert_eq!(ws.query_params().get("name"), Some("gordon"));
    assert_eq!(rooms(&ws, "join"), "1 true true");
    ws.sync_send("one").expect("there is room");
    assert_eq!(ws.sync_broadcast(vec![2; 300]).queued, 1);
    assert_eq!(ws.to("red").sync_broadcast("x".repeat(70_000)).queued, 1);
    assert_eq!(ws.others().sync_broadcast("nobody").queued, 0);
    assert_eq!(sent.next(), Some("one".into()));
    assert_eq!(sent.next(), Some(vec![2; 300].into()));
    assert_eq!(sent.next(), Some("x".repeat(70_000).into()));
    assert_eq!((sent.next(), sent.close_reason()), (None, None));
    ws.sync_send("last").expect("there is room");
    ws.close_with(4001, "bye");
    assert_eq!((sent.next(), sent.next()), (Some("last".into()), None));
    let reason = "bye".to_owned();
    assert_eq!(sent.close_reason(), Some(CloseReason::Server { code: 4001, reason }));
}

#[tokio::test]
async fn connector_of_a_unit_test_waits_for_room_that_the_test_makes() {
    let (ws, mut sent) = test_util::connector("/");
    for number in 0..256 {
        ws.sync_send(number.to_string()).expect("there is room");
    }
    let waiting = tokio::spawn(async move { ws.async_send("one more").await });
    tokio::task::yield_now().await;
    let first: Vec<_> = sent.by_ref().collect();
    assert_eq!(first.len(), 256);
    assert_eq!(within("room", waiting).await.expect("no panic"), Ok(()));
    assert_eq!(sent.next(), Some("one more".into()));
}

#[test]
fn connector_of_a_unit_test_waits_and_is_dropped_in_another_runtime() {
    let (ws, mut sent) = test_util::connector_at("/surface/{room}", "/surface/red?name=gordon");
    assert_eq!(ws.path_params().get("room"), Some("red"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        (0..256).for_each(|number| ws.sync_send(number.to_string()).expect("there is room"));
        let waiting = tokio::time::timeout(Duration::from_millis(20), ws.async_send("one more")).await;
        assert!(waiting.is_err(), "there is no room");
        assert_eq!(sent.by_ref().count(), 256);
        drop(sent);
    });
}

// ---- serving ----------------------------------------------------------------------------------------------------------

/// Upgrades `stream`, and expects an answer.
async fn expect_served(stream: impl Pipe + 'static) {
    let mut client = Request::upgrade("/surface/rooms").connect_over(Box::new(stream)).await;
    client.ask("join", "1 true true").await;
}

#[tokio::test]
async fn app_is_served_on_a_tcp_listener_that_is_bound_already() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let serving = tokio::spawn(app().serve_on(listener));
    expect_served(TcpStream::connect(address).await.expect("it listens")).await;
    serving.abort();
}

#[cfg(unix)]
#[tokio::test]
async fn app_is_served_on_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("robyn-ws-{}.socket", std::process::id()));
    let listener = tokio::net::UnixListener::bind(&path).expect("a new socket");
    let serving = tokio::spawn(app().serve_on(listener));
    expect_served(tokio::net::UnixStream::connect(&path).await.expect("it listens")).await;
    serving.abort();
    std::fs::remove_file(path).expect("the socket is still there");
}

#[tokio::test]
async fn app_is_served_behind_proxies() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let app = app().trusted_proxies(["127.0.0.1", "2001:db8::/32"]).proxy_protocol();
    let serving = tokio::spawn(app.trusted_proxies(vec!["unix".to_owned()]).serve_on(listener));
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let header = b"PROXY TCP4 192.0.2.7 127.0.0.1 4660 80\r\n";
    stream.write_all(header).await.expect("the server reads");
    expect_served(stream).await;
    serving.abort();
}

#[tokio::test]
async fn app_that_cannot_be_built_is_not_served_on_a_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let served = App::new().only(["/surface/nowhere"]).serve_on(listener).await;
    assert!(matches!(served, Err(ServeError::Build(_))), "{served:?}");
}

#[tokio::test]
async fn built_app_is_drained_by_its_shutdown() {
    let BuiltApp { router, hub, shutdown } = app().build().expect("it fits together");
    drop(router);
    let drained = shutdown.drain(Duration::from_secs(1)).await;
    assert_eq!((drained.closed, drained.cut, hub.count()), (0, 0, 0));
}

#[tokio::test]
async fn settings_of_a_deploy_are_in_force_together() {
    let limits = Limits::default().drain_interval(Duration::from_secs(1));
    let app = TestApp::new(app().limits(limits).health("/live", "/ready").drain_code(4000));
    let mut client = app.connect("/surface/rooms").await.expect("the upgrade");
    assert_eq!(app.get("/ready").await.text(), "ready\n");
    tokio::join!(app.drain(Duration::from_secs(9)), client.expect_close(4000));
    assert_eq!(app.get("/ready").await.status.as_u16(), 503);
}
