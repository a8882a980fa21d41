//! `{:?}` of no public type prints a header, a query or a payload.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use robyn_ws::{
    axum::{body::Body, http::Request},
    event::{self, EventContext},
    prelude::*,
    test_util::{TestApp, backplane::MemoryBus, connector},
    *,
};
use robyn_ws_tests::Certificate;

/// What no output may have in it.
const SECRET: &str = "planted-secret";

static DEBUG: SubRouter = SubRouter::new("/debug_output");

/// What was printed, by the name of the type.
#[derive(Clone, Default)]
struct Prints(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Prints {
    fn add(&self, name: &'static str, value: &impl Debug) {
        let printed = format!("{value:?}\n{value:#?}");
        assert!(!printed.trim().is_empty(), "{name} prints nothing");
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, printed));
    }

    fn take(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a layer of the user left in the request.
#[derive(Clone, Debug)]
struct Session(#[expect(dead_code, reason = "it is there to be printed")] &'static str);

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Known,
}

/// Prints the context that extractors see, and everything that hangs on it.
struct Context;

impl<'a, E: event::Event> FromEvent<'a, E> for Context {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        if let Some(prints) = cx.global::<Prints>() {
            prints.add("EventContext", cx);
        }
        Ok(Self)
    }
}

#[websocket("/{room}", on = "upgrade", router = DEBUG)]
fn admit(_cx: Context, mut parts: axum::http::request::Parts) {
    parts.extensions.insert(Session(SECRET));
}

#[websocket("/{room}", on = "connect", router = DEBUG)]
fn enter(_cx: Context, ws: WebSocketConnector, prints: Global<Prints>, hub: Hub) {
    let text = |value: Option<&str>| value.is_some_and(|value| value.contains(SECRET));
    assert!(text(ws.query_params().get("token")) && text(ws.path_params().get("room")));
    assert!(text(ws.headers()["cookie"].to_str().ok()));
    ws.join(SECRET);
    prints.add("WebSocketConnector", &ws);
    prints.add("QueryParams", ws.query_params());
    prints.add("PathParams", ws.path_params());
    prints.add("Audience", &ws.to(SECRET).to(format!("2 {SECRET}")).except(ws.id()));
    prints.add("Audience", &ws.others());
    prints.add("KeyedAudience", &ws.to(SECRET).keyed(SECRET));
    prints.add("ConnectionId", &ws.id());
    prints.add("Hub", &hub);
    let identified = ws.identify(SECRET);
    assert_eq!(identified.rooms[0].room, SECRET);
    prints.add("RoomChange", &identified.rooms[0]);
    prints.add("Identified", &identified);
    prints.add("Identity", &ws.identity());
    prints.add("Audience", &hub.identity(SECRET).to(SECRET));
    let endpoint = hub.endpoint("/debug_output/{room}");
    prints.add("HubEndpoint", &endpoint);
    prints.add("Audience", &endpoint.everyone());
    prints.add("Counters", &endpoint.counters());
    prints.add("Delivery", &ws.others().sync_broadcast(SECRET));
}

#[websocket("/{room}", on = "message", router = DEBUG)]
fn hear(
    _cx: Context,
    msg: &Message,
    word: Result<Json<Word>, Rejection>,
    prints: Global<Prints>,
) -> Result<(), HandlerError> {
    assert!(msg.as_text().is_some_and(|text| text.contains(SECRET)));
    prints.add("Message", msg);
    prints.add("Message", &Message::Binary(msg.clone().into_bytes()));
    let rejection = match word {
        Ok(Json(Word::Known)) => panic!("the message is another word"),
        Err(rejection) => rejection,
    };
    assert!(rejection.reason().contains(SECRET), "{}", rejection.reason());
    prints.add("Rejection", &rejection);
    prints.add("HandlerError", &HandlerError::from(rejection));
    prints.add("HandlerError", &HandlerError::reply(msg.clone()));
    let no_word = msg.parse_json::<Word>().err().expect("the message is another word");
    assert!(no_word.to_string().contains(SECRET), "{no_word}");
    prints.add("JsonError", &no_word);
    prints.add("HandlerError", &HandlerError::from(no_word));
    prints.add(
        "ParseConnectionIdError",
        &SECRET.parse::<ConnectionId>().expect_err("no id"),
    );
    Ok(())
}

#[websocket("/{room}", on = "close", router = DEBUG)]
fn part(_cx: Context, ws: &WebSocketConnector, reason: CloseReason, mut departed: Departed, prints: Global<Prints>) {
    assert_eq!(ws.rooms(), [SECRET]);
    prints.add("Departed", &departed);
    let departure = departed.next().expect("it was in a room");
    assert_eq!(departure.room, SECRET);
    prints.add("Departure", &departure);
    prints.add("CloseReason", &reason);
    prints.add("WebSocketConnector", ws);
}

#[websocket("/{room}/session", router = DEBUG)]
async fn converse(_cx: Context, mut socket: WebSocket, prints: Global<Prints>) -> Result<(), Disconnected> {
    prints.add("WebSocket", &socket);
    let message = socket.receive().await?;
    prints.add("Message", &message);
    prints.add("WebSocket", &socket);
    prints.add("Closing", &socket.close());
    let end = socket.receive().await.expect_err("it is closed");
    prints.add("Disconnected", &end);
    Err(end)
}

async fn printed() -> Vec<(&'static str, String)> {
    let prints = Prints::default();
    let included = DEBUG
        .inject(Session(SECRET))
        .limits(Limits::default().max_read_ahead(1));
    prints.add("IncludedRouter", &included);
    prints.add("SubRouter", &DEBUG);
    let app = App::new()
        .inject_global(prints.clone())
        .inject_global(Session(SECRET))
        .origins(Origins::any())
        .include_router(included);
    prints.add("App", &app);
    prints.add("Hub", &app.hub());
    let early = app.hub().endpoint("/debug_output/{room}");
    prints.add("HubEndpoint", &early);
    prints.add("Audience", &early.to(SECRET));
    prints.add("HubEndpoint", &app.hub().endpoint(&format!("/{}", "x".repeat(1000))));
    let app = TestApp::new(app);
    for path in [
        format!("/debug_output/{SECRET}"),
        format!("/debug_output/{SECRET}/session"),
    ] {
        let request = app
            .request(&format!("{path}?token={SECRET}&{SECRET}=1"))
            .header("cookie", format!("id={SECRET}"))
            .header("authorization", format!("Bearer {SECRET}"));
        prints.add("TestRequest", &request);
        let mut socket = request.connect().await.expect("the upgrade");
        socket.send_text(format!("\"{SECRET}\"")).await;
        prints.add("TestSocket", &socket);
        if !path.ends_with("session") {
            socket.close_with(4000, "good-bye").await;
        }
        prints.add("TestSocket", &socket);
        let code = if path.ends_with("session") { 1000 } else { 4000 };
        socket.expect_close(code).await;
        prints.add("TestSocket", &socket);
    }
    let request = Request::builder()
        .uri(format!("/http?token={SECRET}"))
        .header("cookie", SECRET);
    prints.add(
        "TestResponse",
        &app.http(request.body(Body::empty()).expect("a request")).await,
    );
    prints.add("TestApp", &app);
    prints.add("Refused", &app.connect("/nowhere").await.expect_err("nobody is there"));
    prints.add("Drained", &app.drain(std::time::Duration::from_secs(10)).await);

    let running = App::new().inject_global(prints.clone()).include_router(&DEBUG).build();
    let running = running.expect("the app is built");
    prints.add("BuiltApp", &running);
    prints.add("Shutdown", &running.shutdown);
    let errors = App::new()
        .limits(Limits::default().max_read_ahead(0))
        .build()
        .expect_err("0");
    prints.add("BuildError", &errors.iter().next());
    prints.add("ServeError", &ServeError::from(errors.clone()));
    prints.add("BuildErrors", &errors);
    prints.add("SendError", &SendError::NotConnected);
    prints.add("CallError", &CallError::new(1, "no such room").data(&SECRET));
    let remote = CallError::Remote {
        code: 1,
        message: SECRET.to_owned(),
        data: None,
    };
    prints.add("CallError", &remote);
    prints.add("Params", &Params(SECRET));
    prints.add("SendJsonError", &SendJsonError::Send(SendError::NotConnected));
    let (connector, sent) = connector(&format!("/unit?token={SECRET}"));
    prints.add("Joined", &connector.join(SECRET));
    prints.add("Left", &connector.leave(SECRET));
    connector.sync_send(SECRET).expect("there is room");
    prints.add("WebSocketConnector", &connector);
    prints.add("SentMessages", &sent);
    prints.add("Compression", &Compression::shared());
    prints.add("Limits", &Limits::default().overflow(Overflow::DropNewest));
    prints.add("Overflow", &Overflow::DropNewest);
    prints.add("IdentityOverflow", &IdentityOverflow::CloseOldest);
    prints.add("Origins", &Origins::same_host());
    prints.add("Tls", &Certificate::common().tls());
    prints.add(
        "TlsError",
        &Tls::from_pem(SECRET, SECRET).expect_err("it is no certificate"),
    );
    print_backplanes(&prints);
    prints.take()
}

fn print_backplanes(prints: &Prints) {
    prints.add("BackplaneKey", &BackplaneKey::new(SECRET));
    let nats = Nats::connect_lazy(format!("nats://{SECRET}:{SECRET}@127.0.0.1:1"));
    prints.add("Nats", &nats.expect("an address"));
    let redis = Redis::connect_lazy(format!("redis://{SECRET}:{SECRET}@127.0.0.1:1"));
    prints.add("Redis", &redis.expect("an address"));
    let publisher = Publisher::new(MemoryBus::new().node()).key(BackplaneKey::new(SECRET));
    prints.add("Publisher", &publisher);
    prints.add("RemoteAudience", &publisher.endpoint(SECRET).to(SECRET));
    let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
    prints.add("RemoteConnection", &publisher.connection(SECRET, id));
}

#[tokio::test]
async fn debug_output_of_no_public_type_has_a_header_a_query_or_a_payload_in_it() {
    let prints = printed().await;
    for (name, printed) in &prints {
        assert!(!printed.contains(SECRET), "{name}: {printed}");
    }
    let printed: BTreeSet<_> = prints.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = public_types().difference(&printed).copied().collect();
    assert!(
        missing.is_empty(),
        "public types that are not printed above: {missing:?}"
    );
}

/// Those that print only what the program itself put into them, that are no values, or that are text and nothing else, as a
/// `String` is.
const NOT_PRINTED: [&str; 26] = [
    "Backplane",
    "BackplaneCounters",
    "BackplaneDelivery",
    "BackplaneError",
    "BackplaneFuture",
    "Health",
    "Inbox",
    "Interest",
    "NatsError",
    "Present",
    "PublishError",
    "RedisError",
    "Subject",
    "TrackError",
    "ConnectionState",
    "FromEvent",
    "Global",
    "GlobalRejection",
    "HandlerResult",
    "HubRejection",
    "IntoCallReply",
    "IntoReply",
    "Needs",
    "Scoped",
    "SentCall",
    "Utf8Bytes",
];

/// The types that the crate exports, by its own words: the ones of a `pub use`, and the ones of `test_util`.
fn public_types() -> BTreeSet<&'static str> {
    let root = include_str!("../../../robyn-ws/src/lib.rs");
    let test_util = include_str!("../../../robyn-ws/src/test_util/mod.rs");
    let exported = |source: &'static str| {
        let statements = source.split("pub use ").skip(1);
        statements.flat_map(|statement| {
            let list = statement.split(';').next().unwrap_or_default();
            list.split(|character: char| !character.is_alphanumeric() && character != '_')
        })
    };
    let declared = test_util.split("pub struct ").skip(1);
    let declared = declared.filter_map(|rest| rest.split([' ', '(', '<', ';']).next());
    let is_type = |name: &&str| name.starts_with(|first: char| first.is_ascii_uppercase());
    exported(root)
        .chain(exported(test_util))
        .chain(declared)
        .filter(is_type)
        .filter(|name| !NOT_PRINTED.contains(name))
        .collect()
}

#[test]
fn debug_output_of_a_message_says_its_kind_and_length() {
    let text = format!("{:?}", Message::from("grüße"));
    assert!(text.starts_with("Text") && text.contains('7'), "{text}");
    let binary = format!("{:?}", Message::from(vec![0; 300]));
    assert!(binary.starts_with("Binary") && binary.contains("300"), "{binary}");
}

#[test]
fn debug_output_of_what_a_peer_chose_is_cut_and_escaped() {
    let hub = App::new().hub();
    let endpoint = hub.endpoint(&format!("/\u{1b}[31m\n{}", "x".repeat(1000)));
    for printed in [
        format!("{endpoint:?}"),
        format!("{endpoint:#?}"),
        format!("{:?}", endpoint.everyone()),
        CloseReason::Client {
            code: 4000,
            reason: "\u{1b}\n".to_owned(),
        }
        .to_string(),
    ] {
        assert!(!printed.contains('\u{1b}'), "{printed}");
        assert!(!printed.contains(&"x".repeat(129)), "{printed}");
    }
}
