//! The process stands still for a while, as does that of a suspended machine, and its clients do not.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use robyn_ws_tests::within;
use tokio::time::sleep;

use crate::program::{FOR_EVER, Program};

const RUNTIMES: [&str; 2] = ["current", "two"];

/// Longer than every limit of `/impatient`.
const STANDSTILL: Duration = Duration::from_millis(2500);

#[tokio::test]
async fn client_that_sends_meanwhile_is_not_idle() {
    const STEP: Duration = Duration::from_millis(50);
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", FOR_EVER).await;
        let mut client = program.connect("/impatient/echo").await;
        client.send_text("before").await;
        client.expect_text("before").await;
        for _ in 0..2 {
            program.signal("STOP").await;
            let (stopped, mut sent) = (Instant::now(), 0);
            while stopped.elapsed() < STANDSTILL {
                client.send_text("meanwhile").await;
                sent += 1;
                sleep(STEP).await;
            }
            program.signal("CONT").await;
            for _ in 0..sent {
                client.expect_text("meanwhile").await;
            }
        }
    }))
    .await;
}

#[tokio::test]
async fn client_that_takes_everything_meanwhile_is_not_too_slow() {
    const MIB_4: usize = 4 * 1024 * 1024;
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", FOR_EVER).await;
        let mut client = program.connect("/impatient/push").await;
        for _ in 0..2 {
            let mut read = 0;
            while read < MIB_4 {
                read += within("the next bytes", client.read_some(64 * 1024)).await;
            }
            program.signal("STOP").await;
            let standstill = sleep(STANDSTILL);
            tokio::select! {
                () = standstill => {}
                () = async { loop { client.read_some(64 * 1024).await; } } => {}
            }
            program.signal("CONT").await;
        }
    }))
    .await;
}
