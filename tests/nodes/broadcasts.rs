//! What is broadcast on one node reaches the members of all nodes.

use futures_util::future::{join, join_all};
use robyn_ws_tests::Client;

use crate::{
    app::{Node, settle},
    broker::over_each,
};

const MESSAGES: usize = 10_000;
const PUBLISHERS: usize = 6;

/// Messages of a publisher that are under way at most. On a machine with much to do, more might wait for a second.
const ROUND: usize = 50;

/// Reads a round of all publishers, of which each has said so many.
async fn read_round(client: &mut Client, said: usize, now: usize) {
    let mut next = [said; PUBLISHERS];
    for _ in 0..now * PUBLISHERS {
        let text = client.text().await;
        let (publisher, number) = text.split_once(' ').expect("two words");
        let (publisher, number): (usize, usize) =
            (publisher.parse().expect("a number"), number.parse().expect("a number"));
        assert_eq!(number, next[publisher], "of {publisher}");
        next[publisher] += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_on_all_nodes_get_each_of_10_000_messages_once_and_in_the_order_of_their_publisher() {
    over_each(async |broker| {
        let (mut nodes, mut members, mut publishers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            let node = Node::start(&broker.url()).await;
            for _ in 0..2 {
                members.push(node.connect("rooms=red").await.0);
                publishers.push(node.connect("").await.0);
            }
            nodes.push(node);
        }
        settle(&mut nodes, "red", &mut members).await;
        let each = MESSAGES.div_ceil(PUBLISHERS);
        for said in (0..each).step_by(ROUND) {
            let now = ROUND.min(each - said);
            let saying = publishers.iter_mut().enumerate().map(async |(number, client)| {
                for message in said..said + now {
                    client.send(format!("say red {number} {message}")).await;
                }
            });
            let reading = members.iter_mut().map(|client| read_round(client, said, now));
            join(join_all(saying), join_all(reading)).await;
        }
        for node in &mut nodes {
            let seen = node.counters().await;
            assert_eq!(
                (seen.dropped, seen.repeated, seen.gaps, seen.lost),
                (0, 0, 0, 0),
                "{seen:?}"
            );
        }
    })
    .await;
}
