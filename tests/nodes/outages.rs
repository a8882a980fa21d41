//! A broker that stands still, with its connections open, and goes on.

use std::time::Duration;

use robyn_ws_tests::within;
use tokio::time::{sleep, timeout};

use crate::{
    app::{Node, settle},
    broker::over_each,
};

/// Time in which a message from another node comes, if it comes.
const SOON: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_the_broker_stands_still_is_heard_here_and_never_elsewhere() {
    over_each(async |broker| {
        let (mut nodes, mut members) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let node = Node::start(&broker.url()).await;
            members.push(node.connect("rooms=red").await.0);
            nodes.push(node);
        }
        settle(&mut nodes, "red", &mut members).await;
        broker.stop();
        let noticing = async {
            while nodes[0].ask("deliver nobody x").await != "Unavailable" {
                sleep(SOON).await;
            }
        };
        within("the outage to be noticed", noticing).await;
        for number in 0..20 {
            let text = format!("during {number}");
            nodes[0].say("red", &text).await;
            members[0].expect_text(&text).await;
        }
        broker.go_on();
        let hearing = async {
            loop {
                nodes[0].say("red", "fresh").await;
                if let Ok(text) = timeout(SOON, members[1].text()).await {
                    break text;
                }
            }
        };
        assert_eq!(within("something fresh", hearing).await, "fresh");
        // What is old would be there by now.
        while let Ok(text) = timeout(SOON, members[1].text()).await {
            assert_eq!(text, "fresh");
        }
        let seen = nodes[0].counters().await;
        assert!(seen.dropped >= 21, "{seen:?}");
    })
    .await;
}
