//! What is not of this app, or not of these nodes, on the same broker.

use std::time::Duration;

use futures_util::StreamExt;
use robyn_ws_tests::{NatsServer, within};

use crate::app::{LOADED, Node, PREFIX, SECRET, settle};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_apps_on_one_broker_do_not_see_each_other() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (mut apps, mut members, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for prefix in ["one", "other"] {
        let mut nodes = Vec::new();
        let mut of_app = Vec::new();
        for number in 0..2 {
            let node = Node::start_with(&server.url(), prefix, SECRET).await;
            let (member, id) = node.connect(&format!("user={prefix}-{number}&rooms=red")).await;
            nodes.push(node);
            of_app.push(member);
            ids.push(id);
        }
        settle(&mut nodes, "red", &mut of_app).await;
        apps.push(nodes);
        members.push(of_app);
    }
    for (prefix, nodes) in ["one", "other"].iter().zip(&mut apps) {
        let expected = [format!("{prefix}-0:1"), format!("{prefix}-1:1")];
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        for node in &mut *nodes {
            node.expect_people("red", &expected, Duration::from_secs(11) + LOADED)
                .await;
        }
        nodes[0].say("red", prefix).await;
    }
    // In order: if something of the other app came, it would be first or between.
    for (prefix, nodes) in ["one", "other"].iter().zip(&mut apps) {
        nodes[0].say("red", "end").await;
        for member in &mut members[usize::from(*prefix == "other")] {
            member.expect_texts(&[prefix, "end"]).await;
        }
    }
    assert_eq!(apps[0][0].ask(&format!("send {} x", ids[1])).await, "Ok(())");
    members[0][1].expect_text("x").await;
    for id in &ids[2..] {
        let answer = apps[0][0].ask(&format!("send {id} x")).await;
        assert_eq!(answer, "Err(Unreachable)");
    }
    for node in apps.iter_mut().flatten() {
        let seen = node.counters().await;
        assert_eq!((seen.ignored, seen.gaps), (0, 0), "{seen:?}");
    }
    for member in members.iter_mut().flatten() {
        member.expect_silence(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_envelopes_of_another_version_on_a_broker_are_ignored_and_counted() {
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let stranger = async_nats::connect(server.url()).await.expect("the server is there");
    for secret in ["", SECRET] {
        let mut nodes = Vec::new();
        let mut members = Vec::new();
        for _ in 0..2 {
            let node = Node::start_with(&server.url(), PREFIX, secret).await;
            members.push(node.connect("rooms=red").await.0);
            nodes.push(node);
        }
        settle(&mut nodes, "red", &mut members).await;
        let mut all = stranger.subscribe(format!("{PREFIX}.>")).await.expect("it is there");
        confirm(&stranger).await;
        nodes[0].say("red", "recorded").await;
        let recording = async {
            loop {
                let message = all.next().await.expect("it is there");
                if message.payload.windows(8).any(|bytes| bytes == b"recorded") {
                    return message;
                }
            }
        };
        let recorded = within("the broadcast", recording).await;
        drop(all);
        let before = nodes[1].counters().await;
        let mut other_version = recorded.payload.to_vec();
        other_version[0] = 99;
        let garbage = [vec![], vec![1], vec![1; 100], vec![255; 10_000], other_version];
        for bytes in garbage.clone() {
            let publishing = stranger.publish(recorded.subject.clone(), bytes.into());
            publishing.await.expect("it is there");
        }
        // It has come already.
        let publishing = stranger.publish(recorded.subject.clone(), recorded.payload.clone());
        publishing.await.expect("it is there");
        stranger.flush().await.expect("it is there");
        let ignoring = async {
            while nodes[1].counters().await.ignored < before.ignored + garbage.len() as u64
                || nodes[1].counters().await.repeated == before.repeated
            {
                tokio::task::yield_now().await;
            }
        };
        within("the garbage to be counted", ignoring).await;
        nodes[0].say("red", "end").await;
        for member in &mut members {
            member.expect_texts(&["recorded", "end"]).await;
        }
        let seen = nodes[1].counters().await;
        assert_eq!(seen.ignored - before.ignored, garbage.len() as u64, "{seen:?}");
        assert_eq!(seen.repeated - before.repeated, 1, "{seen:?}");
    }
}

/// Waits until the server has taken what this client has sent. `flush` waits only until it is written.
async fn confirm(client: &async_nats::Client) {
    let subject = client.new_inbox();
    let mut answers = client.subscribe(subject.clone()).await.expect("it is there");
    client.publish(subject, "".into()).await.expect("it is there");
    within("the server to confirm", answers.next())
        .await
        .expect("it is there");
}
