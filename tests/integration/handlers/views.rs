//! Views: one type as the state of a connection, with its handlers as methods.

use std::thread;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Probe, Server, probe};

// ---- events and state ------------------------------------------------------------------------------------------------------

#[derive(Default, ConnectionState)]
struct Chat {
    room: String,
    said: u32,
}

#[websocket_view("/views/chat/{room}")]
impl Chat {
    const LOUDEST: usize = 5;

    fn connect(&mut self, ws: &WebSocketConnector, Path(room): Path<String>) -> String {
        ws.join(&room);
        self.room = room;
        format!("welcome to {}", self.room)
    }

    async fn message(&mut self, ws: WebSocketConnector, msg: &str) -> Result<String, HandlerError> {
        if msg.len() > Self::LOUDEST {
            return Err(HandlerError::close(4000, "too loud"));
        }
        self.said += 1;
        ws.to(&self.room)
            .except(ws.id())
            .async_broadcast(self.worded(msg))
            .await;
        Ok(format!("{} said", self.said))
    }

    fn close(&self, reason: &CloseReason) -> String {
        let by_client = matches!(reason, CloseReason::Client { .. });
        format!("{} said in {}, closed by the client: {by_client}", self.said, self.room)
    }

    /// An ordinary method.
    fn worded(&self, msg: &str) -> String {
        format!("{}. {msg}", self.said)
    }
}

#[tokio::test]
async fn methods_of_a_view_handle_their_events_and_share_its_state() {
    let server = Server::start(App::new()).await;
    let mut one = server.connect("/views/chat/den").await;
    let mut two = server.connect("/views/chat/den").await;
    one.expect_text("welcome to den").await;
    two.expect_text("welcome to den").await;
    one.ask("hi", "1 said").await;
    two.expect_text("1. hi").await;
    one.ask("ho", "2 said").await;
    two.expect_text("2. ho").await;
    two.ask("hm", "1 said").await;
    one.expect_text("1. hm").await;
    one.close(1000, "").await;
    one.expect_text("2 said in den, closed by the client: true").await;
    one.expect_close(1000, "").await;
}

#[tokio::test]
async fn error_of_a_method_closes_as_that_of_a_function() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/views/chat/den").await;
    client.expect_text("welcome to den").await;
    client.send("louder").await;
    client.expect_text("0 said in den, closed by the client: false").await;
    client.expect_close(4000, "too loud").await;
}

#[test]
fn method_of_a_view_is_called_without_a_server() {
    let chat = Chat {
        room: "den".to_owned(),
        said: 3,
    };
    assert_eq!(chat.worded("hi"), "3. hi");
    assert_eq!(
        chat.close(&CloseReason::Abnormal),
        "3 said in den, closed by the client: false"
    );
}

/// Views on other paths, of which the first has no state.
struct Echo;

#[websocket_view("/views/echo")]
#[websocket_view("/views/echo/again")]
impl Echo {
    fn connect() -> &'static str {
        "ready"
    }

    #[view(blocking)]
    fn message(msg: &str) -> &str {
        msg
    }
}

#[tokio::test]
async fn view_without_a_receiver_has_no_state_and_may_have_two_paths() {
    let server = Server::start(App::new()).await;
    for path in ["/views/echo", "/views/echo/again"] {
        let mut client = server.connect(path).await;
        client.expect_text("ready").await;
        client.ask("hi", "hi").await;
    }
}

// ---- blocking --------------------------------------------------------------------------------------------------------------

#[derive(Default, ConnectionState)]
struct Threads {
    seen: u32,
}

#[websocket_view("/views/threads")]
impl Threads {
    fn connect(&mut self) -> String {
        self.seen += 1;
        format!("{:?}", thread::current().id())
    }

    #[view(blocking)]
    fn message(&mut self) -> String {
        self.seen += 1;
        format!("{} {:?}", self.seen, thread::current().id())
    }
}

#[tokio::test]
async fn blocking_method_runs_on_another_thread_with_the_same_state() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/views/threads").await;
    let own = client.text().await;
    client.send("hi").await;
    let other = client.text().await;
    assert!(other.starts_with("2 ThreadId"), "{other}");
    assert_ne!(other, format!("2 {own}"));
}

// ---- upgrade ---------------------------------------------------------------------------------------------------------------

static MEMBERS: SubRouter = SubRouter::new("/views/members/{club}");

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Member {
    name: String,
}

#[websocket_view("/{name}", router = MEMBERS)]
impl Member {
    async fn upgrade(Path((club, name)): Path<(String, String)>, rules: Scoped<String>) -> Result<Self, StatusCode> {
        if name == *rules {
            return Err(StatusCode::FORBIDDEN);
        }
        Ok(Self {
            name: format!("{name} of {club}"),
        })
    }

    async fn message(&self, msg: String) -> String {
        tokio::task::yield_now().await;
        format!("{}: {msg}", self.name)
    }
}

#[tokio::test]
async fn upgrade_of_a_view_creates_its_state_or_refuses() {
    let server = Server::start(App::new().include_router(MEMBERS.inject("joker".to_owned()))).await;
    let mut client = server.connect("/views/members/den/bruce").await;
    client.ask("hi", "bruce of den: hi").await;
    let refusal = server.refused("/views/members/den/joker").await;
    assert_eq!(refusal.status, 403);
    assert_eq!(server.refused("/bruce").await.status, 404);
}

static KEYED: SubRouter = SubRouter::new("/views/keyed");

#[derive(Clone)]
struct Keys(&'static str);

#[derive(Default, ConnectionState)]
struct Keyed(String);

#[websocket_view("/", router = KEYED, state = Keys)]
impl Keyed {
    fn upgrade(State(keys): State<Keys>, uri: &Uri) -> Result<Self, StatusCode> {
        let key = uri.query().filter(|key| *key == keys.0);
        key.map(|key| Self(key.to_owned())).ok_or(StatusCode::FORBIDDEN)
    }

    fn connect(&self) -> String {
        format!("opened by {}", self.0)
    }
}

#[tokio::test]
async fn upgrade_of_a_view_takes_extractors_of_the_apps_state() {
    let server = Server::start(App::new().state(Keys("silver")).include_router(&KEYED)).await;
    server
        .connect("/views/keyed?silver")
        .await
        .expect_text("opened by silver")
        .await;
    assert_eq!(server.refused("/views/keyed?gold").await.status, 403);
}

/// The view has a default, and is created by `upgrade` nevertheless.
#[derive(Default, ConnectionState)]
struct Counter(u32);

#[websocket_view("/views/counter")]
impl Counter {
    fn upgrade() -> Self {
        Self(41)
    }

    fn message(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }
}

/// A function on the path of a view takes its state by type.
#[websocket("/views/counter", on = "connect")]
fn counter_begins(counter: &Counter) -> String {
    format!("begins at {}", counter.0)
}

#[tokio::test]
async fn view_and_functions_share_a_path_and_the_state() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/views/counter").await;
    client.expect_text("begins at 41").await;
    client.ask("hi", "42").await;
}

// ---- sessions --------------------------------------------------------------------------------------------------------------

#[derive(Default, ConnectionState)]
struct Session {
    echoed: u32,
}

#[websocket_view("/views/session")]
impl Session {
    async fn session(&mut self, mut socket: WebSocket) -> Result<(), Disconnected> {
        loop {
            let text = socket.receive_text().await?;
            self.echoed += 1;
            socket.send_text(format!("Echo: {text}")).await?;
        }
    }

    fn close(&self) -> String {
        format!("{} echoed", self.echoed)
    }
}

#[tokio::test]
async fn session_of_a_view_owns_the_socket_and_borrows_the_state() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/views/session").await;
    client.ask("one", "Echo: one").await;
    client.ask("two", "Echo: two").await;
    client.close(1000, "").await;
    client.expect_text("2 echoed").await;
    client.expect_close(1000, "").await;
}

// ---- the end ---------------------------------------------------------------------------------------------------------------

static DROPPED: SubRouter = SubRouter::new("/views/dropped");

/// Notes when it is dropped.
#[derive(Default, ConnectionState)]
struct Guard(Option<Probe>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(probe) = &self.0 {
            probe.note("view dropped");
        }
    }
}

#[websocket_view("/", router = DROPPED)]
impl Guard {
    fn connect(&mut self, probe: Global<Probe>) -> &'static str {
        self.0 = Some((*probe).clone());
        "armed"
    }

    fn message(&mut self) {
        assert!(self.0.is_none(), "a panic of the test");
    }

    fn close(&mut self, probe: Global<Probe>) {
        probe.note(format!("close, view there: {}", self.0.is_some()));
    }
}

#[tokio::test]
async fn view_is_dropped_after_its_close_method_however_the_connection_ends() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&DROPPED)).await;
    for end in ["leave", "vanish", "panic"] {
        let mut client = server.connect("/views/dropped").await;
        client.expect_text("armed").await;
        match end {
            "leave" => client.leave().await,
            "vanish" => drop(client),
            _ => {
                client.send("go").await;
                client.expect_close(1011, "").await;
            }
        }
        seen.expect("close, view there: true").await;
        seen.expect("view dropped").await;
    }
}

// ---- build() ---------------------------------------------------------------------------------------------------------------

static UNMADE: SubRouter = SubRouter::new("/views/unmade");

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Unmade(u32);

#[websocket_view("/", router = UNMADE)]
impl Unmade {
    fn message(&self) -> String {
        self.0.to_string()
    }
}

const UNMADE_LINE: u32 = line!() - 5;

#[test]
fn view_that_only_an_upgrade_method_can_create_and_none_does_is_one_build_error() {
    let errors = App::new()
        .include_router(&UNMADE)
        .build()
        .expect_err("nobody creates it");
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.into_iter().next().expect("there is one");
    assert_eq!(error.handler(), Some("Unmade::message"), "{error}");
    assert_eq!(
        (error.file(), error.line()),
        (Some(file!()), Some(UNMADE_LINE)),
        "{error}"
    );
    assert!(error.message().contains("Unmade"), "{error}");
}
