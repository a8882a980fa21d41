//! How a process ends whose handlers hold it up.

use futures_util::future::join_all;
use robyn_ws_tests::{FIN, Request, TEXT, frame, within};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::program::{FOR_EVER, Program, combinations};

/// On one thread, and with one worker and with two beside the main thread.
const RUNTIMES: [&str; 3] = ["current", "one", "two"];

const BLOCKING_THEIR_THREAD: [&str; 4] = ["stuck_message", "stuck_async", "stuck_connect", "stuck_upgrade"];

const PENDING: [&str; 2] = ["pending_message", "pending_session"];

const BLOCKING: [&str; 2] = ["blocking_message", "blocking_upgrade"];

/// Has a handler run: asks for its endpoint, with a message behind the request.
async fn hold_up(program: &mut Program, handler: &str) -> TcpStream {
    // They are named alike.
    let path = format!("/{}", handler.replace('_', "/"));
    let mut bytes = Request::upgrade(&path).to_bytes();
    bytes.extend(frame(FIN | TEXT, "begin"));
    let mut stream = program.tcp().await;
    let sending = within("the program to read", stream.write_all(&bytes)).await;
    sending.expect("the connection is open");
    program.expect_line(&path).await;
    stream
}

#[tokio::test]
async fn handler_that_blocks_its_thread_does_not_keep_the_process_alive_past_its_grace() {
    join_all(
        combinations(RUNTIMES, BLOCKING_THEIR_THREAD).map(async |(runtime, handler)| {
            let mut program = Program::start(runtime, "serve", "300").await;
            let _client = hold_up(&mut program, handler).await;
            program.signal("TERM").await;
            let ended = program.ended().await.expect(128 + 15);
            ended.expect_handler_in_log(handler);
        }),
    )
    .await;
}

#[tokio::test]
async fn close_handler_that_blocks_its_thread_during_the_drain_does_not_keep_the_process_alive() {
    join_all(RUNTIMES.map(async |runtime| {
        let mut program = Program::start(runtime, "serve", "300").await;
        let _client = program.connect("/stuck/close").await;
        program.signal("INT").await;
        program.expect_line("/stuck/close").await;
        let ended = program.ended().await.expect(128 + 2);
        ended.expect_handler_in_log("stuck_close");
    }))
    .await;
}

#[tokio::test]
async fn page_that_blocks_its_thread_does_not_keep_the_process_alive() {
    join_all(RUNTIMES.map(async |runtime| {
        let mut program = Program::start(runtime, "serve", "300").await;
        let _client = hold_up(&mut program, "stuck_page").await;
        program.signal("TERM").await;
        program.ended().await.expect(128 + 15);
    }))
    .await;
}

#[tokio::test]
async fn asynchronous_handler_that_never_returns_is_named_and_dropped_and_the_process_ends_in_order() {
    join_all(combinations(RUNTIMES, PENDING).map(async |(runtime, handler)| {
        let mut program = Program::start(runtime, "serve", "300").await;
        let _client = hold_up(&mut program, handler).await;
        program.signal("TERM").await;
        program.expect_line("returned").await;
        let ended = program.ended().await.expect(0);
        ended.expect_handler_in_log(handler);
    }))
    .await;
}

#[tokio::test]
async fn blocking_handler_that_never_returns_is_named_and_left_behind_and_the_process_ends_in_order() {
    join_all(combinations(RUNTIMES, BLOCKING).map(async |(runtime, handler)| {
        let mut program = Program::start(runtime, "serve", "300").await;
        let _client = hold_up(&mut program, handler).await;
        program.signal("TERM").await;
        program.expect_line("returned").await;
        let ended = program.ended().await.expect(0);
        ended.expect_handler_in_log(handler);
    }))
    .await;
}

#[tokio::test]
async fn asynchronous_close_handler_that_never_returns_is_named_and_dropped() {
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", "300").await;
        let _client = program.connect("/pending/close").await;
        program.signal("TERM").await;
        let ended = program.ended().await.expect(0);
        ended.expect_handler_in_log("pending_close");
    }))
    .await;
}

#[tokio::test]
async fn second_signal_ends_the_process_at_once_whatever_blocks() {
    let handlers = BLOCKING_THEIR_THREAD.into_iter().chain(PENDING).chain(BLOCKING);
    let cases = combinations(RUNTIMES, handlers).map(|(runtime, handler)| (runtime, "serve", handler));
    let with_axum = RUNTIMES.map(|runtime| (runtime, "axum", "stuck_message"));
    join_all(cases.chain(with_axum).map(async |(runtime, server, handler)| {
        let mut program = Program::start(runtime, server, FOR_EVER).await;
        let _client = hold_up(&mut program, handler).await;
        program.signal("INT").await;
        program.signal("TERM").await;
        program.ended().await.expect(128 + 15);
    }))
    .await;
}

#[tokio::test]
async fn second_ctrl_c_ends_the_process_during_a_drain() {
    join_all(
        combinations(RUNTIMES, ["serve", "axum"]).map(async |(runtime, server)| {
            let mut program = Program::start(runtime, server, FOR_EVER).await;
            let _client = program.connect("/slow/close").await;
            program.signal("INT").await;
            program.expect_line("/slow/close").await;
            program.signal("INT").await;
            program.ended().await.expect(128 + 2);
        }),
    )
    .await;
}

#[tokio::test]
async fn second_signal_ends_a_process_that_hangs_after_its_drain() {
    join_all(RUNTIMES.map(async |runtime| {
        let mut program = Program::start(runtime, "hang", "300").await;
        program.signal("TERM").await;
        program.expect_line("hanging").await;
        program.signal("TERM").await;
        program.ended().await.expect(128 + 15);
    }))
    .await;
}
