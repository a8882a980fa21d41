//! A connection's own state.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Probe, Server, probe};

#[derive(Default, ConnectionState)]
struct Session {
    seen: u32,
}

#[websocket("/state/count", on = "message")]
fn count(session: &mut Session) -> String {
    session.seen += 1;
    session.seen.to_string()
}

#[tokio::test]
async fn state_begins_as_its_default_and_belongs_to_one_connection() {
    let server = Server::start(App::new()).await;
    let mut one = server.connect("/state/count").await;
    let mut two = server.connect("/state/count").await;
    one.ask("x", "1").await;
    one.ask("x", "2").await;
    two.ask("x", "1").await;
    one.ask("x", "3").await;
    one.leave().await;
    server.connect("/state/count").await.ask("x", "1").await;
}

#[test]
fn handler_with_a_state_is_called_with_one() {
    let mut session = Session { seen: 41 };
    assert_eq!(count(&mut session), "42");
}

// ---- several ---------------------------------------------------------------------------------------------------------------

struct Starting(u32);

impl Default for Starting {
    fn default() -> Self {
        Self(100)
    }
}

#[derive(Default, ConnectionState)]
struct Numbers {
    start: Starting,
}

#[derive(Default, ConnectionState)]
struct Names(Vec<String>);

#[websocket("/state/several", on = "connect")]
fn one_of_two(names: &mut Names) {
    names.0.push("connect".to_owned());
}

#[websocket("/state/several", on = "message")]
async fn both(names: &mut Names, msg: String, numbers: &mut Numbers, session: &Session) -> String {
    tokio::task::yield_now().await;
    names.0.push(msg);
    numbers.start.0 += 1;
    format!("{} {} {}", names.0.join(","), numbers.start.0, session.seen)
}

#[websocket("/state/several", on = "close")]
fn shared(session: &Session, numbers: &Numbers, names: &Names) -> String {
    format!("{} {} {}", names.0.len(), numbers.start.0, session.seen)
}

#[tokio::test]
async fn handler_takes_several_states_and_all_events_share_them() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/state/several").await;
    client.ask("a", "connect,a 101 0").await;
    client.ask("b", "connect,a,b 102 0").await;
    client.close(1000, "").await;
    client.expect_text("3 102 0").await;
    client.expect_close(1000, "").await;
}

#[websocket("/state/twice", on = "message")]
fn look_twice(one: &Numbers, two: &Numbers) -> String {
    format!("{} {}", one.start.0, std::ptr::eq(one, two))
}

#[tokio::test]
async fn state_may_be_looked_at_twice_in_one_handler() {
    let server = Server::start(App::new()).await;
    server.connect("/state/twice").await.ask("hi", "100 true").await;
}

#[websocket("/state/generic", on = "message")]
fn generic(pair: &mut Pair<u8, String>) -> String {
    pair.0 += 1;
    pair.1.push('x');
    format!("{} {}", pair.0, pair.1)
}

/// A state may be generic.
#[derive(Default, ConnectionState)]
struct Pair<A, B>(A, B);

#[tokio::test]
async fn state_may_be_generic() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/state/generic").await;
    client.ask("hi", "1 x").await;
    client.ask("hi", "2 xx").await;
}

#[derive(Default, ConnectionState)]
enum Phase {
    #[default]
    Named,
    Greeted(String),
}

#[websocket("/state/phases", on = "message")]
async fn advance(phase: &mut Phase, msg: &str) -> Result<String, HandlerError> {
    match phase {
        Phase::Named => {
            *phase = Phase::Greeted(msg.to_owned());
            Ok(format!("hello {msg}"))
        }
        Phase::Greeted(name) if msg == "bye" => Err(HandlerError::close(4000, format!("bye {name}"))),
        Phase::Greeted(name) => Ok(format!("{name} says {msg}")),
    }
}

#[tokio::test]
async fn state_may_be_a_machine() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/state/phases").await;
    client.ask("Bruce", "hello Bruce").await;
    client.ask("hi", "Bruce says hi").await;
    client.send("bye").await;
    client.expect_close(4000, "bye Bruce").await;
}

// ---- its end ---------------------------------------------------------------------------------------------------------------

static DROPPED: SubRouter = SubRouter::new("/state/dropped");

/// Notes when it is dropped.
#[derive(Default, ConnectionState)]
struct Guard(Option<Probe>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(probe) = &self.0 {
            probe.note("state dropped");
        }
    }
}

#[websocket("/", on = "connect", router = DROPPED)]
fn arm(guard: &mut Guard, probe: Global<Probe>) -> &'static str {
    guard.0 = Some((*probe).clone());
    "armed"
}

#[websocket("/", on = "message", router = DROPPED)]
fn fail(_guard: &mut Guard) {
    panic!("a panic of the test");
}

#[websocket("/", on = "close", router = DROPPED)]
fn still_there(guard: &Guard, probe: Global<Probe>) {
    probe.note(format!("close handler, state there: {}", guard.0.is_some()));
}

#[tokio::test]
async fn state_is_dropped_after_the_close_handler_however_the_connection_ends() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&DROPPED)).await;
    for end in ["leave", "vanish", "panic"] {
        let mut client = server.connect("/state/dropped").await;
        client.expect_text("armed").await;
        match end {
            "leave" => client.leave().await,
            "vanish" => drop(client),
            _ => {
                client.send("go").await;
                client.expect_close(1011, "").await;
            }
        }
        seen.expect("close handler, state there: true").await;
        seen.expect("state dropped").await;
    }
}

/// It is made by the upgrade handler, and then there is no connection.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Made(Probe);

impl Drop for Made {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

static MADE: SubRouter = SubRouter::new("/state/made");

#[websocket("/", on = "upgrade", router = MADE)]
fn make(probe: Global<Probe>) -> Made {
    probe.note("made");
    Made((*probe).clone())
}

#[websocket("/", on = "connect", router = MADE)]
fn made(made: &Made) {
    made.0.note("connected");
}

#[tokio::test]
async fn state_of_the_upgrade_handler_is_made_once_and_dropped_once() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&MADE)).await;
    server.connect("/state/made").await.leave().await;
    for note in ["made", "connected", "dropped"] {
        seen.expect(note).await;
    }
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new());
}
