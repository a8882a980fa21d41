//! How long an HTTP/2 connection lives. The time is paused: it goes on when all tasks wait.

use std::time::Duration;

use robyn_ws::{
    axum::{Router, http, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Http2, Server, probe, within};
use tokio::{io::AsyncReadExt, time::sleep};

use crate::edge::app;

const SECOND: Duration = Duration::from_secs(1);

fn start(limits: Limits) -> Server {
    let (probe, _seen) = probe();
    let page = Router::new().route("/edge/page", get(|| async { "a page" }));
    Server::start_as_served_in_memory(app(probe).h2c().limits(limits).http(page))
}

async fn expect_page(http2: &Http2) {
    let request = http::Request::builder().uri("http://localhost/edge/page");
    let (answer, mut stream) = http2.send_with(request, true).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let mut page = String::new();
    let reading = within("the page", stream.read_to_string(&mut page)).await;
    reading.expect("a text");
    assert_eq!(page, "a page");
}

#[tokio::test(start_paused = true)]
async fn connection_lives_between_its_requests_for_the_idle_timeout_and_no_longer() {
    let server = start(Limits::default());
    let http2 = Http2::begin(server.pipe().await).await;
    for _ in 0..3 {
        expect_page(&http2).await;
        sleep(59 * SECOND).await;
    }
    expect_page(&http2).await;
    sleep(61 * SECOND).await;
    http2.ended().await.expect("GOAWAY says that there is no error");
}
