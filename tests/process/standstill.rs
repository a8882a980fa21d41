//! The process stands still for a while, as does that of a suspended machine, and its clients do not.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use robyn_ws_tests::within;
use tokio::{sync::watch, time::sleep};

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

/// The client reads in a task of its own, so that it takes everything also while the test does something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_takes_everything_meanwhile_is_not_too_slow() {
    const MIB_4: usize = 4 * 1024 * 1024;
    join_all(RUNTIMES.map(async |runtime| {
        let program = Program::start(runtime, "serve", FOR_EVER).await;
        let mut client = program.connect("/impatient/push").await;
        let (read, mut taken) = watch::channel(0);
        let reader = tokio::spawn(async move {
            loop {
                let bytes = client.read_some(64 * 1024).await;
                read.send_modify(|all| *all += bytes);
            }
        });
        for _ in 0..2 {
            takes_more(&mut taken, MIB_4).await;
            program.signal("STOP").await;
            sleep(STANDSTILL).await;
            program.signal("CONT").await;
        }
        takes_more(&mut taken, MIB_4).await;
        reader.abort();
    }))
    .await;
}

/// Waits until the client has taken so many bytes more.
async fn takes_more(taken: &mut watch::Receiver<usize>, bytes: usize) {
    let target = *taken.borrow() + bytes;
    let reached = within("the next bytes", taken.wait_for(|all| *all >= target)).await;
    reached.expect("the client still reads");
}
