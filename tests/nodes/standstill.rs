//! A node that stands still for longer than nodes are waited for, and goes on.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    app::{LOADED, Node, settle},
    broker::over_each,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_stood_still_comes_back_without_twins_and_delivers_nothing_old() {
    over_each(async |broker| {
        let (mut nodes, mut members) = (Vec::new(), Vec::new());
        for user in ["ada", "bob"] {
            let node = Node::start(&broker.url()).await;
            members.push(node.connect(&format!("user={user}&rooms=red")).await.0);
            nodes.push(node);
        }
        settle(&mut nodes, "red", &mut members).await;
        let told = Duration::from_secs(11) + LOADED;
        for node in &mut nodes {
            node.expect_people("red", &["ada:1", "bob:1"], told).await;
        }
        nodes[0].stop().await;
        let mut said = 0;
        while nodes[1].people("red").await.len() == 2 {
            assert!(said < 300, "ada is still there");
            nodes[1].say("red", &format!("late {said}")).await;
            members[1].expect_text(&format!("late {said}")).await;
            said += 1;
            sleep(Duration::from_millis(100)).await;
        }
        // The last one is as old as no message may be.
        sleep(Duration::from_millis(2_500)).await;
        nodes[0].signal("CONT").await;
        nodes[1].say("red", "fresh").await;
        let text = members[0].text().await;
        let counters = nodes[0].counters().await;
        assert_eq!(text, "fresh", "{counters:?}");
        assert_eq!(counters.late, said, "{counters:?}");
        for node in &mut nodes {
            let back = node.expect_people("red", &["ada:1", "bob:1"], told).await;
            println!("back after {back:.1?}");
        }
    })
    .await;
}
