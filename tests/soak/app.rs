//! The server: endpoints that echo, publish, stall, close and fail as they are told.

use std::time::Duration;

use robyn_ws::prelude::*;
use serde::Deserialize;

use crate::ledger::{Ended, Ledger};

/// In the message of every panic that is no violation.
pub(crate) const MEANT: &str = "meant to panic";

/// What `/oldest` and `/newest` queue for a client.
pub(crate) const FEW_MESSAGES: usize = 32;

/// How long `/idle` waits for a message.
const IDLE: Duration = Duration::from_secs(4);

/// How many seconds a client of `/idle` may take to answer a ping: on a loaded machine it is late, and late is not lost.
const MOST_MISSED: u32 = 60;

/// What `/stall` sends at once.
const CHUNK: usize = 16 * 1024;

static NEWEST: SubRouter = SubRouter::new("/newest");
static OLDEST: SubRouter = SubRouter::new("/oldest");
static STALL: SubRouter = SubRouter::new("/stall");
static QUIET: SubRouter = SubRouter::new("/quiet");
static SLEEPY: SubRouter = SubRouter::new("/idle");

pub(crate) fn app(ledger: Ledger) -> App {
    let few = Limits::default()
        .max_outbound_messages(FEW_MESSAGES)
        .max_outbound_bytes(128 * 1024);
    let impatient = Limits::default()
        .max_outbound_bytes(128 * 1024)
        .send_timeout(Duration::from_millis(1500))
        .close_timeout(Duration::from_millis(500));
    let watchful = Limits::default().heartbeat_interval(Duration::from_secs(1));
    let strict = watchful.clone().max_missed_heartbeats(2);
    // Most clients answer no pings, and wait for each other as long as a loaded machine takes. A sub-router can only narrow.
    let patient = Limits::default()
        .heartbeat_interval(None)
        .max_missed_heartbeats(MOST_MISSED)
        .close_timeout(Duration::from_secs(30));
    let app = App::new().limits(patient);
    let hub = app.hub();
    app.inject_global(hub)
        .inject_global(ledger)
        .include_router(NEWEST.limits(few.clone().overflow(Overflow::DropNewest)))
        .include_router(OLDEST.limits(few.overflow(Overflow::DropOldest)))
        .include_router(STALL.limits(impatient))
        .include_router(QUIET.limits(strict))
        .include_router(SLEEPY.limits(watchful.idle_timeout(IDLE)))
}

/// The query of every client.
#[derive(Debug, Deserialize)]
struct Guest {
    who: u64,
    #[serde(default)]
    room: String,
    /// Whether to panic, and in which handler.
    #[serde(default)]
    panic: String,
}

/// How many messages a connection's handlers got.
#[derive(Default, ConnectionState)]
struct Seen(u64);

#[websocket("/echo", on = "connect")]
#[websocket("/echo/blocking", on = "connect")]
#[websocket("/session", on = "connect")]
#[websocket("/mishap", on = "connect")]
#[websocket("/party", on = "connect")]
#[websocket("/", on = "connect", router = STALL)]
#[websocket("/", on = "connect", router = QUIET)]
#[websocket("/", on = "connect", router = SLEEPY)]
fn connect(ws: WebSocketConnector, Query(guest): Query<Guest>, ledger: Global<Ledger>) -> String {
    ledger.connected(guest.who);
    if !guest.room.is_empty() {
        ws.join(&guest.room);
    }
    assert!(guest.panic != "connect", "{MEANT}");
    format!("hello {}", guest.who)
}

#[websocket("/echo/async", on = "connect")]
async fn connect_slowly(ws: WebSocketConnector, guest: Query<Guest>, ledger: Global<Ledger>) -> String {
    tokio::task::yield_now().await;
    connect(ws, guest, ledger)
}

/// Where only what is broadcast is counted, nobody is greeted.
#[websocket("/", on = "connect", router = NEWEST)]
#[websocket("/", on = "connect", router = OLDEST)]
fn connect_in_silence(ws: WebSocketConnector, guest: Query<Guest>, ledger: Global<Ledger>) {
    let room = guest.room.clone();
    let _ = connect(ws, guest, ledger.clone()); // A session sends no greeting.
    ledger.room(&room).joined.add(1);
}

#[websocket("/echo", on = "close")]
#[websocket("/echo/async", on = "close")]
#[websocket("/echo/blocking", on = "close")]
#[websocket("/session", on = "close")]
#[websocket("/mishap", on = "close")]
#[websocket("/party", on = "close")]
#[websocket("/", on = "close", router = NEWEST)]
#[websocket("/", on = "close", router = OLDEST)]
#[websocket("/", on = "close", router = STALL)]
#[websocket("/", on = "close", router = QUIET)]
#[websocket("/", on = "close", router = SLEEPY)]
fn close(reason: CloseReason, Query(guest): Query<Guest>, seen: &Seen, ledger: Global<Ledger>) {
    let messages = seen.0;
    ledger.closed(guest.who, Ended { reason, messages });
    assert!(guest.panic != "close", "{MEANT}");
}

// ---- echoes -------------------------------------------------------------------------------------------------------

#[websocket("/echo", on = "message")]
#[websocket("/echo/blocking", on = "message", blocking)]
#[websocket("/", on = "message", router = SLEEPY)]
fn echo(message: Message, seen: &mut Seen) -> Message {
    seen.0 += 1;
    message
}

/// Takes its time for some messages.
#[websocket("/echo/async", on = "message")]
async fn echo_slowly(message: Message, seen: &mut Seen) -> Message {
    seen.0 += 1;
    match seen.0 % 16 {
        0 => tokio::time::sleep(Duration::from_millis(2)).await,
        1..4 => tokio::task::yield_now().await,
        _ => {}
    }
    message
}

#[websocket("/session")]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let message = socket.receive().await?;
        if message.as_text() == Some("return") {
            return socket.send_text("returning").await;
        }
        socket.send(message).await?;
    }
}

// ---- broadcasts ---------------------------------------------------------------------------------------------------

/// `say TEXT`, `join`, `leave`, `id`, and `tell ID TEXT`.
#[websocket("/party", on = "message")]
async fn party(
    ws: WebSocketConnector,
    message: &str,
    Query(guest): Query<Guest>,
    ledger: Global<Ledger>,
) -> Result<String, HandlerError> {
    let (command, rest) = message.split_once(' ').unwrap_or((message, ""));
    Ok(match command {
        "say" => {
            let text = format!("@{} {rest}", guest.who);
            let delivery = ws.to(&guest.room).async_broadcast(text).await;
            ledger.broadcast("/party", &guest.room, delivery);
            format!("said {} {}", delivery.queued, delivery.dropped)
        }
        "join" => format!("joined {}", ws.join(&guest.room).is_member),
        "leave" => format!("left {}", ws.leave(&guest.room).was_member),
        "id" => format!("id {}", ws.id()),
        "tell" => {
            let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
            match ws.async_send_to(id.parse()?, format!("@{} {text}", guest.who)).await {
                Ok(()) => "told".to_owned(),
                Err(error) => format!("not told: {error:?}"),
            }
        }
        _ => return Err(HandlerError::close(4000, "no such command")),
    })
}

/// Passes a message to the room, without waiting and without an answer.
#[websocket("/", on = "message", router = NEWEST)]
#[websocket("/", on = "message", router = OLDEST)]
fn overflow(ws: WebSocketConnector, message: Message, Query(guest): Query<Guest>, ledger: Global<Ledger>) {
    let delivery = ws.to(&guest.room).sync_broadcast(message);
    ledger.broadcast(ws.uri().path(), &guest.room, delivery);
}

// ---- clients that do not read -------------------------------------------------------------------------------------

/// Echoes; `pour` sends without end; in a room, everybody gets the message.
#[websocket("/", on = "message", router = STALL)]
async fn stall(
    ws: WebSocketConnector,
    message: Message,
    Query(guest): Query<Guest>,
    ledger: Global<Ledger>,
) -> Result<Option<Message>, SendError> {
    if message.as_text() == Some("pour") {
        loop {
            ws.async_send(vec![b'.'; CHUNK]).await?;
        }
    }
    if guest.room.is_empty() {
        return Ok(Some(message));
    }
    let delivery = ws.to(&guest.room).sync_broadcast(message);
    ledger.broadcast("/stall", &guest.room, delivery);
    Ok(None)
}

// ---- ends ---------------------------------------------------------------------------------------------------------

/// How a connection is to go wrong, or to end.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Mishap<'a> {
    Panic,
    PanicLater,
    PanicInTheBackground,
    Fail,
    Refuse { code: u16, reason: &'a str },
    Close { code: u16, reason: &'a str },
    CloseByHub { code: u16, reason: &'a str },
    Reply { text: &'a str },
}

#[websocket("/mishap", on = "message")]
async fn mishap(
    ws: WebSocketConnector,
    Json(mishap): Json<Mishap<'_>>,
    hub: Global<Hub>,
) -> Result<String, HandlerError> {
    match mishap {
        Mishap::Panic => panic!("{MEANT}"),
        Mishap::PanicLater => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            panic!("{MEANT}");
        }
        Mishap::PanicInTheBackground => {
            let background = tokio::spawn(async { panic!("{MEANT}") });
            // A task that panicked is an error like any other.
            background.await?;
        }
        Mishap::Fail => Err(std::io::Error::other("it failed, as it was told"))?,
        Mishap::Refuse { code, reason } => return Err(HandlerError::close(code, reason)),
        Mishap::Close { code, reason } => ws.close_with(code, reason),
        Mishap::CloseByHub { code, reason } => hub.endpoint("/mishap").close_with(ws.id(), code, reason)?,
        Mishap::Reply { text } => return Err(HandlerError::reply(text)),
    }
    Ok("closing".to_owned())
}
