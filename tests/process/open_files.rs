//! A process without room for more open files.

use futures_util::future::join_all;

use crate::program::Program;

/// Room for the runtime and some clients.
const FILES: usize = 40;

#[tokio::test]
async fn server_that_runs_out_of_open_files_says_so_and_accepts_again_when_some_are_closed() {
    let mut program = Program::with_open_files(FILES).await;
    let mut waiting = join_all((0..FILES).map(|_| program.tcp())).await;
    program.expect_in_log("Too many open files").await;
    waiting.truncate(1);
    let mut client = program.connect("/echo").await;
    client.send_text("still here").await;
    client.expect_text("still here").await;
}
