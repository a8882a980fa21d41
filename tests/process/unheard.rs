//! Nobody reads what the program prints and logs.

use robyn_ws_tests::{CLOSE, FIN};

use crate::program::{Nowhere, Unheard};

#[tokio::test]
async fn app_is_served_and_drained_though_its_output_and_its_log_go_nowhere() {
    for nowhere in [Nowhere::Full, Nowhere::Closed] {
        for runtime in ["current", "two"] {
            let program = Unheard::start(runtime, nowhere).await;
            let mut client = program.connect("/echo").await;
            client.send_text("hello").await;
            client.expect_text("hello").await;
            let status = tokio::spawn(program.stop());
            client.expect_close(1001, "the server shuts down").await;
            client.send(FIN | CLOSE, 1001_u16.to_be_bytes()).await;
            let status = status.await.expect("the program ends");
            assert_eq!(status.code(), Some(0), "{nowhere:?} {runtime}");
        }
    }
}

#[tokio::test]
async fn handler_runs_to_its_end_though_the_log_of_what_it_does_goes_nowhere() {
    for nowhere in [Nowhere::Full, Nowhere::Closed] {
        let program = Unheard::start("current", nowhere).await;
        let mut client = program.connect("/logged").await;
        client.send_text("join").await;
        client.expect_text("done").await;
    }
}

#[tokio::test]
async fn connection_of_a_failing_handler_is_closed_with_1011_though_the_log_goes_nowhere() {
    for nowhere in [Nowhere::Full, Nowhere::Closed] {
        let program = Unheard::start("current", nowhere).await;
        let mut client = program.connect("/failing").await;
        client.send_text("fail").await;
        client.expect_close_code(1011).await;
    }
}
