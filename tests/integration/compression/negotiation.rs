use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{Codec, Request, Server};

use super::support::{Compressing, OFFER, json, start};

const SHARED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

static QUIET: SubRouter = SubRouter::new("/quiet");
static QUIETER: SubRouter = SubRouter::new("/quieter");

#[websocket("/", on = "message", router = QUIET)]
fn quiet(msg: String) -> String {
    msg
}

#[websocket("/", on = "message", router = QUIETER)]
fn quieter(msg: String) -> String {
    msg
}

static TOLD: SubRouter = SubRouter::new("/told");

#[websocket("/", on = "connect", router = TOLD)]
fn tell(ws: &WebSocketConnector) -> &'static str {
    if ws.is_compressed() { "compressed" } else { "plain" }
}

async fn answer_of(server: &Server, target: &str, offer: &str) -> Option<String> {
    let request = Request::upgrade(target).header("Sec-WebSocket-Extensions", offer);
    let client = request.raw(server).await;
    let answer = client.response().header("sec-websocket-extensions");
    answer.map(ToOwned::to_owned)
}

#[tokio::test]
async fn app_that_does_not_ask_for_compression_accepts_no_offer() {
    let server = Server::start(App::new().include_router(&QUIET)).await;
    assert_eq!(answer_of(&server, "/quiet", OFFER).await, None);
}

#[tokio::test]
async fn client_that_offers_nothing_acceptable_is_served_without_compression() {
    let server = start(Compression::shared()).await;
    let thousand = vec!["permessage-deflate; server_max_window_bits=08"; 1000].join(",");
    for offer in [
        "",
        "permessage-deflate; x=\"",
        "permessage-deflate; server_max_window_bits=16",
        "foo",
        &thousand,
    ] {
        assert_eq!(answer_of(&server, "/compressing", offer).await, None, "{offer}");
    }
    let mut plain = server.connect("/compressing").await;
    plain.send(json(5000)).await;
    plain.expect(json(5000)).await;
}

#[tokio::test]
async fn offers_may_be_in_several_headers() {
    let server = start(Compression::shared()).await;
    let request = Request::upgrade("/compressing")
        .header(
            "Sec-WebSocket-Extensions",
            "permessage-deflate; server_max_window_bits=8",
        )
        .header("Sec-WebSocket-Extensions", "permessage-deflate");
    let client = request.raw(&server).await;
    assert_eq!(client.response().header("sec-websocket-extensions"), Some(SHARED));
}

#[tokio::test]
async fn messages_fit_the_window_that_the_client_asked_for() {
    let server = start(Compression::shared()).await;
    for bits in 9..=15 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        let mut client = Compressing::offering(&server, &offer, Codec::shared()).await;
        let answer = client.answer.clone().expect("the offer is accepted");
        let (_, answered) = answer.split_once("server_max_window_bits=").expect("it is answered");
        let answered: u32 = answered.parse().expect("a number");
        assert!((9..=bits).contains(&answered), "{answer}");
        // Its second half repeats what lies further behind than any but the largest window.
        let text = json(20_000).repeat(2);
        client.send(&text).await;
        let size = client.expect(&text).await.expect("it is compressed");
        assert!(size < text.len() / 2, "{size} bytes");
    }
}

#[tokio::test]
async fn sub_router_narrows_the_compression_around_it() {
    let app = App::new()
        .compression(Compression::dedicated(10))
        .include_router(QUIET.compression(Compression::off()))
        .include_router(QUIETER.compression(Compression::shared()));
    let server = Server::start(app).await;
    assert_eq!(answer_of(&server, "/quiet", OFFER).await, None);
    assert_eq!(answer_of(&server, "/quieter", OFFER).await.as_deref(), Some(SHARED));
}

#[tokio::test]
async fn connector_tells_whether_messages_are_compressed() {
    for (compression, offer, told) in [
        (Compression::shared(), OFFER, "compressed"),
        (Compression::dedicated(1), OFFER, "compressed"),
        (
            Compression::dedicated(1),
            "permessage-deflate; server_no_context_takeover",
            "compressed",
        ),
        (Compression::shared(), "", "plain"),
        (
            Compression::shared(),
            "permessage-deflate; server_max_window_bits=8",
            "plain",
        ),
        (Compression::off(), OFFER, "plain"),
    ] {
        let app = App::new()
            .compression(Compression::dedicated(1))
            .include_router(TOLD.compression(compression));
        let server = Server::start(app).await;
        let request = Request::upgrade("/told").header("Sec-WebSocket-Extensions", offer);
        request.raw(&server).await.expect_text(told).await;
    }
}

#[track_caller]
fn expect_error(build: impl FnOnce() -> (App, u32), words: &str) {
    let (app, line) = build();
    let errors = app.build().expect_err("it cannot work");
    let [error] = errors.iter().as_slice() else {
        panic!("one error was expected: {errors}")
    };
    assert!(error.message().contains(words), "{errors}");
    assert_eq!(error.line(), Some(line), "{errors}");
    assert!(
        error.file().is_some_and(|file| file.ends_with("negotiation.rs")),
        "{errors}"
    );
}

#[test]
fn values_that_cannot_work_are_reported_with_file_and_line() {
    for (compression, words) in [
        (Compression::shared().level(0), "`Compression::level` is 0"),
        (Compression::shared().level(10), "expected 1 to 9"),
        (Compression::shared().threshold(127), "expected 128 to 1073741824 bytes"),
        (Compression::off().threshold(usize::MAX), "`Compression::threshold` is"),
        (Compression::dedicated(0), "`Compression::dedicated(0)` cannot work"),
        (Compression::dedicated(usize::MAX), "expected 1 to 1048576 contexts"),
    ] {
        let app = App::new().only(["/quiet"]).include_router(&QUIET);
        expect_error(|| (app.compression(compression), line!()), words);
    }
}

#[test]
fn sub_router_that_widens_the_compression_is_reported() {
    for (app, router, words) in [
        (
            None,
            Compression::shared(),
            "compresses (shared), and nothing around it does: call `App::compression`",
        ),
        (
            Some(Compression::shared()),
            Compression::dedicated(1),
            "is dedicated(1) on the sub-router, but shared around it: a sub-router can only narrow it",
        ),
        (
            Some(Compression::dedicated(1)),
            Compression::dedicated(2),
            "but dedicated(1) around it",
        ),
        (
            Some(Compression::off()),
            Compression::dedicated(2),
            "compresses (dedicated(2)), and nothing around it does",
        ),
    ] {
        let mut outer = App::new().only(["/quiet"]);
        if let Some(compression) = app {
            outer = outer.compression(compression);
        }
        expect_error(|| (outer.include_router(QUIET.compression(router)), line!()), words);
    }
}
