//! Calls to clients that do not answer, answer too late, or answer what nobody asked.

use std::time::Duration;

use futures_util::FutureExt as _;
use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Probe, Server, probe, until, within};
use tokio::time::timeout;

static SILENT: SubRouter = SubRouter::new("/silent");

#[websocket("/", on = "call", method = "note", router = SILENT)]
fn note(Params(what): Params<u32>, probe: Global<Probe>) {
    probe.note(what);
}

#[websocket("/", on = "call", method = "ask", router = SILENT)]
async fn ask(ws: WebSocketConnector, probe: Global<Probe>) {
    probe.note(format!("{:?}", ws.call::<u8>("number", &1).await));
}

struct Silent {
    server: Server,
    client: Client,
    ws: WebSocketConnector,
    seen: robyn_ws_tests::Seen,
}

async fn silent(limits: Limits) -> Silent {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&SILENT).limits(limits);
    let server = Server::start(app).await;
    let client = server.connect("/silent").await;
    let endpoint = server.hub().endpoint("/silent");
    until("the client is connected", || endpoint.count() == 1).await;
    let ws = endpoint.connector(endpoint.ids()[0]).expect("it is");
    Silent {
        server,
        client,
        ws,
        seen,
    }
}

impl Silent {
    fn ignored(&self) -> u64 {
        self.server.hub().endpoint("/silent").counters().answers_ignored
    }

    async fn answer(&mut self, id: &str) {
        self.client
            .send(format!(r#"{{"jsonrpc":"2.0","result":{id},"id":{id}}}"#))
            .await;
    }
}

#[tokio::test]
async fn call_without_an_answer_times_out_and_a_late_answer_is_ignored() {
    let mut silent = silent(Limits::default().call_timeout(Duration::from_millis(50))).await;
    let answer = within("the end", silent.ws.call::<u8>("number", &1)).await;
    assert!(matches!(answer, Err(CallError::TimedOut)), "{answer:?}");
    silent.client.text().await;
    silent.answer("1").await;
    until("the late answer is counted", || silent.ignored() == 1).await;
}

#[tokio::test]
async fn answers_out_of_nowhere_twice_and_of_unknown_ids_are_counted_and_ignored() {
    let mut silent = silent(Limits::default()).await;
    let call = tokio::spawn({
        let ws = silent.ws.clone();
        async move { ws.call::<u8>("number", &1).await }
    });
    silent.client.text().await;
    for id in ["7", "\"1\"", "null", "[1]", "-1", "1.0", "18446744073709551616"] {
        silent.answer(id).await;
    }
    silent.client.send(r#"{"result":1}"#).await;
    until("they are counted", || silent.ignored() == 8).await;
    silent.answer("1").await;
    assert_eq!(
        within("the answer", call).await.expect("no panic").expect("an answer"),
        1
    );
    silent.answer("1").await;
    until("the second is counted", || silent.ignored() == 9).await;
    silent
        .client
        .ask(
            r#"{"jsonrpc":"2.0","method":"note","params":[1],"id":1}"#,
            r#"{"jsonrpc":"2.0","result":null,"id":1}"#,
        )
        .await;
}

#[tokio::test]
async fn unanswered_calls_are_bounded_and_dropped_ones_do_not_count() {
    let silent = silent(Limits::default().max_unanswered_calls(2)).await;
    let waits = || timeout(Duration::from_millis(20), silent.ws.call::<u8>("number", &1));
    let (first, second) = (silent.ws.call::<u8>("number", &1), silent.ws.call::<u8>("number", &2));
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    let third = waits().await.expect("it fails at once");
    assert!(matches!(third, Err(CallError::TooManyUnanswered)), "{third:?}");
    drop(first);
    waits().await.expect_err("there is room for one, which waits");
    waits().await.expect_err("it was dropped, so there is room again");
}

#[tokio::test]
async fn thousand_calls_that_nobody_answers_end_and_leave_nothing_behind() {
    let limits = Limits::default()
        .max_unanswered_calls(1_000)
        .max_outbound_messages(2_000)
        .call_timeout(Duration::from_millis(100));
    let mut silent = silent(limits).await;
    for _ in 0..2 {
        let calls = (0..1_001).map(|_| silent.ws.call::<u8>("number", &1));
        let answers = within("the end of all", futures_util::future::join_all(calls)).await;
        let timed_out = answers
            .iter()
            .filter(|answer| matches!(answer, Err(CallError::TimedOut)));
        let refused = answers
            .iter()
            .filter(|answer| matches!(answer, Err(CallError::TooManyUnanswered)));
        assert_eq!((timed_out.count(), refused.count()), (1_000, 1));
        for _ in 0..1_000 {
            silent.client.text().await;
        }
    }
}

#[tokio::test]
async fn answer_behind_more_bytes_than_are_read_ahead_is_not_found() {
    let limits = Limits::default()
        .max_message_size(4096)
        .call_timeout(Duration::from_millis(300));
    let mut silent = silent(limits).await;
    silent.client.send(r#"{"jsonrpc":"2.0","method":"ask"}"#).await;
    let call = silent.client.text().await;
    assert!(call.ends_with(r#""id":1}"#), "{call}");
    for number in 0..100 {
        silent
            .client
            .send(format!(r#"{{"jsonrpc":"2.0","method":"note","params":[{number}]}}"#))
            .await;
    }
    silent.answer("1").await;
    silent.seen.expect("Err(TimedOut)").await;
    for number in 0..100 {
        silent.seen.expect(&number.to_string()).await;
    }
    until("the late answer is counted", || silent.ignored() == 1).await;
}
