//! The table of endings, row by row, by a client that makes and reads its frames itself: the close code on the wire, the
//! reason that the close handler is told, and that it is told once.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{
    BINARY, CLOSE, CONTINUATION, FIN, Gate, PING, Probe, RawClient, Server, TEXT, close_payload, probe, until,
};

static TABLE: SubRouter = SubRouter::new("/ending_table");

#[websocket("/", on = "message", router = TABLE)]
async fn message(ws: WebSocketConnector, msg: &str, gate: Global<Gate>) -> Result<String, HandlerError> {
    match msg {
        "close" => ws.close(),
        "close_with" => ws.close_with(4000, "because"),
        "fail" => return Err("a failure".into()),
        "fail with a code" => return Err(HandlerError::close(4001, "failed")),
        "panic" => panic!("a panic of the test"),
        "too much" => {
            for _ in 0..3 {
                let _full = ws.sync_send("more");
            }
        }
        "wait" => gate.pass().await,
        _ => {}
    }
    Ok(msg.to_owned())
}

#[websocket("/json", on = "message", router = TABLE)]
fn json(Json(number): Json<u32>) -> String {
    number.to_string()
}

#[websocket("/", on = "close", router = TABLE)]
#[websocket("/json", on = "close", router = TABLE)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

/// Who does what; `None` for the code where the peer is told nothing.
struct Row {
    path: &'static str,
    limits: Limits,
    code: Option<u16>,
    reason: &'static str,
}

impl Row {
    fn new(code: impl Into<Option<u16>>, reason: &'static str) -> Self {
        Self {
            path: "/ending_table",
            limits: Limits::default(),
            code: code.into(),
            reason,
        }
    }

    fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// Has a client do `what`, and checks how that ends. `then` acts on the server.
    async fn check(self, what: impl AsyncFnOnce(&mut RawClient), then: impl AsyncFnOnce(&Server)) {
        let (probe, mut seen) = probe();
        let app = App::new().inject_global(probe).inject_global(Gate::default());
        let server = Server::start(app.include_router(&TABLE).limits(self.limits)).await;
        let mut client = server.raw(self.path).await;
        what(&mut client).await;
        then(&server).await;
        let frames = client.frames_to_the_end().await;
        let closes: Vec<u16> = frames
            .iter()
            .filter(|(first, _)| *first == FIN | CLOSE)
            .map(|(_, payload)| u16::from_be_bytes([payload[0], payload[1]]))
            .collect();
        assert_eq!(closes, Vec::from_iter(self.code), "on the wire, for {}", self.reason);
        drop(client);
        seen.expect(self.reason).await;
        assert_eq!(server.hub().count(), 0, "for {}", self.reason);
        server.settle().await;
        assert_eq!(seen.rest(), Vec::<String>::new(), "once, for {}", self.reason);
    }

    async fn by(self, first: u8, payload: impl AsRef<[u8]>) {
        self.check(async |client| client.send(first, payload).await, async |_| ())
            .await;
    }

    async fn by_text(self, text: &str) {
        self.by(FIN | TEXT, text).await;
    }
}

/// A short wait for the peer's answer, which most clients here never give.
fn brief() -> Limits {
    Limits::default().close_timeout(Duration::from_millis(50))
}

#[tokio::test]
async fn client_and_server_closes_have_their_codes_and_reasons() {
    for code in [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999] {
        let reason = format!(r#"Client {{ code: {code}, reason: "bye" }}"#);
        let row = Row::new(code, reason.leak());
        row.by(FIN | CLOSE, close_payload(code, "bye")).await;
    }
    let none = r#"Client { code: 1005, reason: "" }"#;
    Row::new(1000, none).by(FIN | CLOSE, "").await;
    let normal = Row::new(1000, r#"Server { code: 1000, reason: "" }"#);
    normal.limits(brief()).by_text("close").await;
    let given = Row::new(4000, r#"Server { code: 4000, reason: "because" }"#);
    given.limits(brief()).by_text("close_with").await;
}

#[tokio::test]
async fn every_breach_of_the_protocol_is_1002() {
    let row = || Row::new(1002, "ProtocolError").limits(brief());
    let nothing = async |_: &Server| ();
    for first in [TEXT, BINARY, CLOSE, PING] {
        row()
            .check(async |client| client.send_unmasked(FIN | first, b"").await, nothing)
            .await;
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        row().by(FIN | opcode, "x").await;
    }
    for reserved in [0x10, 0x20, 0x40] {
        row().by(FIN | reserved | TEXT, "x").await;
        row().by(FIN | reserved | PING, "x").await;
    }
    row().by(PING, "a fragmented control frame").await;
    row().by(FIN | PING, [b'x'; 126]).await;
    row().by(FIN | CLOSE, [b'x'; 126]).await;
    row().by(FIN | CLOSE, [3]).await;
    row().by(FIN | CONTINUATION, "x").await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        row().by(FIN | CLOSE, close_payload(code, "")).await;
    }
}

#[tokio::test]
async fn payload_that_is_refused_is_1007_or_1003() {
    let row = |code| Row::new(code, "InvalidPayload").limits(brief());
    for text in [
        &b"\xff"[..],
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"cut \xe2\x82",
    ] {
        row(1007).by(FIN | TEXT, text).await;
    }
    // The first bad byte is enough: what else is to come does not matter.
    row(1007).by(TEXT, b"\xff").await;
    let split = async |client: &mut RawClient| {
        client.send(TEXT, b"\xe2\x82").await;
        client.send(CONTINUATION, b"\x28").await;
    };
    row(1007).check(split, async |_| ()).await;
    row(1003).by(FIN | BINARY, b"\xff").await;
    row(1007).path("/ending_table/json").by_text("no number").await;
    row(1007).path("/ending_table/json").by(FIN | BINARY, b"\xff").await;
}

#[tokio::test]
async fn what_is_over_a_limit_is_1009_or_1008() {
    let too_big = || Row::new(1009, "MessageTooBig");
    too_big()
        .check(
            async |client| client.announce(FIN | BINARY, 1 << 62).await,
            async |_| (),
        )
        .await;
    let in_fragments = async |client: &mut RawClient| {
        client.send(BINARY, [0; 6]).await;
        client.send(CONTINUATION, [0; 6]).await;
    };
    too_big()
        .limits(Limits::default().max_message_size(10))
        .check(in_fragments, async |_| ())
        .await;
    let slow = Row::new(1008, "SlowConsumer");
    slow.limits(brief().max_outbound_messages(2)).by_text("too much").await;
    let often = async |client: &mut RawClient| {
        for text in ["one", "two", "three"] {
            client.send_text(text).await;
        }
    };
    Row::new(1008, "RateLimited")
        .limits(brief().max_messages_per_second(2))
        .check(often, async |_| ())
        .await;
}

#[tokio::test]
async fn handler_that_fails_or_panics_is_1011_or_the_code_of_its_error() {
    Row::new(1011, "HandlerError").limits(brief()).by_text("fail").await;
    let special = Row::new(4001, "HandlerError").limits(brief());
    special.by_text("fail with a code").await;
    Row::new(1011, "HandlerPanic").limits(brief()).by_text("panic").await;
}

#[tokio::test]
async fn silence_drain_and_a_lost_peer_end_as_they_should() {
    let nothing = async |_: &mut RawClient| ();
    let idle = brief().idle_timeout(Duration::from_millis(50));
    Row::new(1001, "IdleTimeout")
        .limits(idle)
        .check(nothing, async |_| ())
        .await;
    let heartbeat = Limits::default().heartbeat_interval(Duration::from_millis(50));
    Row::new(None, "HeartbeatTimeout")
        .limits(heartbeat)
        .check(nothing, async |_| ())
        .await;
    Row::new(1001, "Shutdown")
        .limits(brief())
        .check(nothing, async |server| server.settle().await)
        .await;
    Row::new(None, "Abnormal")
        .check(async |client| client.half_close().await, async |_| ())
        .await;
    let in_a_frame = async |client: &mut RawClient| {
        client.announce(FIN | TEXT, 100).await;
        client.half_close().await;
    };
    Row::new(None, "Abnormal").check(in_a_frame, async |_| ()).await;
}

#[tokio::test]
async fn client_that_never_ends_tcp_is_left_a_moment_after_the_close_handshake() {
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(probe).inject_global(Gate::default());
    let limits = Limits::default().max_connections(1);
    let server = Server::start(app.include_router(&TABLE).limits(limits)).await;
    let mut client = server.raw("/ending_table").await;
    client.send(FIN | CLOSE, close_payload(1000, "")).await;
    client.expect_close(1000, "").await;
    seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    // Its place is free although it holds its end of TCP.
    robyn_ws_tests::within("the only place to become free", async {
        while robyn_ws_tests::Request::upgrade("/ending_table")
            .answer(&server)
            .await
            .status
            != 101
        {}
    })
    .await;
    until("the other client to have left", || server.hub().count() == 0).await;
    drop(client);
}
