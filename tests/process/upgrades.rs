//! Whoever comes during a drain, and whoever is on the way in when it begins.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use robyn_ws_tests::{CLOSE, FIN, Request, until, within};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::program::{FOR_EVER, Program, combinations};

const RUNTIMES: [&str; 2] = ["current", "two"];

const SERVERS: [&str; 2] = ["serve", "axum"];

const REASON: &str = "the server shuts down";

/// The beginning of a request.
const HALF: &[u8] = b"GET /echo HTTP/1.1\r\nhost: local";

#[tokio::test]
async fn new_upgrades_get_503_as_long_as_a_close_handler_runs() {
    join_all(combinations(RUNTIMES, SERVERS).map(async |(runtime, server)| {
        let mut program = Program::start(runtime, server, FOR_EVER).await;
        let mut client = program.connect("/slow/close").await;
        program.signal("TERM").await;
        program.expect_line("/slow/close").await;
        for _ in 0..20 {
            program.expect_503().await;
        }
        program.get("/release").await.expect(200, "");
        client.expect_text("goodbye").await;
        client.expect_close(1001, REASON).await;
        client.send(FIN | CLOSE, 1001_u16.to_be_bytes()).await;
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn new_upgrades_get_503_as_long_as_a_close_handshake_lasts() {
    join_all(combinations(RUNTIMES, SERVERS).map(async |(runtime, server)| {
        let program = Program::start(runtime, server, FOR_EVER).await;
        let mut client = program.connect("/echo").await;
        program.signal("TERM").await;
        client.expect_close(1001, REASON).await;
        for _ in 0..20 {
            program.expect_503().await;
        }
        client.send(FIN | CLOSE, 1001_u16.to_be_bytes()).await;
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn new_upgrades_get_503_for_a_while_though_nobody_is_left_to_drain() {
    join_all(RUNTIMES.map(async |runtime| {
        let mut program = Program::start(runtime, "serve", FOR_EVER).await;
        program.signal("TERM").await;
        program.draining().await;
        program.expect_503().await;
        program.expect_line("returned").await;
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn everyone_who_comes_before_the_port_is_closed_is_answered() {
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", FOR_EVER).await;
        program.signal("TERM").await;
        let address = program.address();
        // Until the port is refused, one after the other: some of them come at the very end.
        let visiting = async |_visitor| {
            while let Ok(stream) = TcpStream::connect(address).await {
                let response = Request::upgrade("/echo").answer_over(stream).await;
                assert!(matches!(response.status, 101 | 503), "{response:?}");
            }
        };
        within("the port to be closed", join_all((0..4).map(visiting))).await;
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn upgrade_under_way_when_a_drain_begins_is_waited_for_and_answered() {
    join_all(combinations(RUNTIMES, SERVERS).map(async |(runtime, server)| {
        let mut program = Program::start(runtime, server, FOR_EVER).await;
        let stream = program.tcp().await;
        let answer = tokio::spawn(async move { Request::upgrade("/slow/upgrade").answer_over(stream).await });
        program.expect_line("/slow/upgrade").await;
        program.signal("TERM").await;
        program.draining().await;
        assert!(!answer.is_finished(), "its handler still runs");
        program.get("/release").await.expect(200, "");
        until("the answer", || answer.is_finished()).await;
        let answer = answer.await.expect("the client is answered");
        answer.expect(503, REASON);
        assert!(answer.header("retry-after").is_some());
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn upgrade_whose_handler_outlives_the_grace_gets_503() {
    join_all(combinations(RUNTIMES, SERVERS).map(async |(runtime, server)| {
        let mut program = Program::start(runtime, server, "300").await;
        let stream = program.tcp().await;
        let answer = tokio::spawn(async move { Request::upgrade("/pending/upgrade").answer_over(stream).await });
        program.expect_line("/pending/upgrade").await;
        program.signal("TERM").await;
        until("the answer", || answer.is_finished()).await;
        let answer = answer.await.expect("the client is answered");
        answer.expect(503, REASON);
        assert!(answer.header("retry-after").is_some());
        let ended = program.ended().await.expect(0);
        ended.expect_handler_in_log("pending_upgrade");
    }))
    .await;
}

#[tokio::test]
async fn request_that_is_half_sent_when_a_drain_begins_is_answered() {
    join_all(combinations(RUNTIMES, SERVERS).map(async |(runtime, server)| {
        let mut program = Program::start(runtime, server, FOR_EVER).await;
        let mut client = program.connect("/slow/close").await;
        let mut stream = BufReader::new(program.tcp().await);
        stream.write_all(HALF).await.expect("the server reads");
        program.signal("TERM").await;
        program.expect_line("/slow/close").await;
        let request = Request::upgrade("/echo").to_bytes();
        let rest = request.strip_prefix(HALF).expect("it begins so");
        stream.write_all(rest).await.expect("the server reads");
        let mut line = String::new();
        within("the answer", stream.read_line(&mut line))
            .await
            .expect("the answer is text");
        assert_eq!(line, "HTTP/1.1 503 Service Unavailable\r\n");
        drop(stream);
        program.get("/release").await.expect(200, "");
        client.expect_text("goodbye").await;
        client.expect_close(1001, REASON).await;
        client.send(FIN | CLOSE, 1001_u16.to_be_bytes()).await;
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn request_that_is_half_sent_does_not_hold_up_the_end() {
    // The grace for load balancers takes half a second of it.
    const AT_ONCE: Duration = Duration::from_millis(1500);
    for runtime in RUNTIMES {
        let mut times = Vec::new();
        // A loaded machine may need more time for one of them.
        for _ in 0..3 {
            let program = Program::start(runtime, "serve", FOR_EVER).await;
            let mut stream = program.tcp().await;
            stream.write_all(HALF).await.expect("the server reads");
            program.get("/release").await.expect(200, "");
            let started = Instant::now();
            program.signal("INT").await;
            program.ended().await.expect(0);
            times.push(started.elapsed());
        }
        assert!(times.iter().any(|time| *time < AT_ONCE), "{times:?}");
    }
}

#[tokio::test]
async fn proxy_that_has_not_introduced_its_client_does_not_hold_up_the_end() {
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "introduced", FOR_EVER).await;
        let mut silent = program.tcp().await;
        let mut half = program.tcp().await;
        half.write_all(b"PROXY TCP4 192.0.2.7").await.expect("the server reads");
        let mut whole = program.tcp().await;
        let header = b"PROXY TCP4 192.0.2.7 127.0.0.1 4660 80\r\n";
        whole.write_all(header).await.expect("the server reads");
        Request::get("/release").answer_over(whole).await.expect(200, "");
        program.signal("TERM").await;
        for stream in [&mut silent, &mut half] {
            let mut answer = Vec::new();
            let _end = within("the end", stream.read_to_end(&mut answer)).await; // It may be a reset.
            assert_eq!(answer, b"");
        }
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn page_under_way_when_a_drain_begins_is_answered_within_the_grace() {
    join_all(RUNTIMES.map(async |runtime| {
        let mut program = Program::start(runtime, "serve", FOR_EVER).await;
        let (stream, release) = (program.tcp().await, program.tcp().await);
        let answer = tokio::spawn(async move { Request::get("/slow/page").answer_over(stream).await });
        program.expect_line("/slow/page").await;
        program.signal("TERM").await;
        program.draining().await;
        Request::get("/release").answer_over(release).await.expect(200, "");
        let answer = answer.await.expect("the client is answered");
        answer.expect(200, "the page");
        program.ended().await.expect(0);
    }))
    .await;
}

#[tokio::test]
async fn readiness_is_503_and_liveness_200_until_the_port_is_closed() {
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", FOR_EVER).await;
        program.get("/readyz").await.expect(200, "ready");
        program.signal("TERM").await;
        let address = program.address();
        let mut statuses = Vec::new();
        let asking = async {
            while let Ok(stream) = TcpStream::connect(address).await {
                let ready = Request::get("/readyz").answer_over(stream).await;
                statuses.push(ready.status);
                let Ok(stream) = TcpStream::connect(address).await else {
                    break;
                };
                Request::get("/healthz").answer_over(stream).await.expect(200, "ok");
            }
        };
        within("the port to be closed", asking).await;
        // Nobody sees a ready server that then does not accept: there is an answer in between.
        statuses.dedup();
        assert!(matches!(&*statuses, [200, 503] | [503]), "{statuses:?}");
        program.ended().await.expect(0);
    }))
    .await;
}
