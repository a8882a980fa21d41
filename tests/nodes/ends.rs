//! A node that is killed, and one that is drained.

use std::time::{Duration, Instant};

use robyn_ws_tests::within;
use tokio::time::sleep;

use crate::{
    app::{LOADED, Node, settle},
    broker::over_each,
};

/// The people of a node that vanishes are listed for 10 to 12 s.
const GONE: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(12)];

/// Those of one that is drained for 15 to 17 s.
const DRAINED: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(17)];

/// The longest time after which what was told is known.
const TOLD: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_killed_node_vanish_after_10_s_while_the_others_go_on_exactly() {
    over_each(async |broker| {
        let (mut nodes, mut members, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for user in ["ada", "bob", "eve"] {
            let node = Node::start(&broker.url()).await;
            let (member, id) = node.connect(&format!("user={user}&rooms=red")).await;
            nodes.push(node);
            members.push(member);
            ids.push(id);
        }
        settle(&mut nodes, "red", &mut members).await;
        for node in &mut nodes {
            node.expect_people("red", &["ada:1", "bob:1", "eve:1"], TOLD + LOADED)
                .await;
        }
        let send = format!("send {} hello", ids[2]);
        assert_eq!(nodes[0].ask(&send).await, "Ok(())");
        nodes[2].signal("KILL").await;
        let killed = Instant::now();
        nodes[2].ended().await;
        assert_eq!(nodes[0].ask(&send).await, "Err(Unreachable)", "it does not answer");
        let mut number = 0;
        while nodes[0].people("red").await.len() == 3 || nodes[1].people("red").await.len() == 3 {
            assert!(killed.elapsed() < GONE[1] + LOADED, "eve is still there");
            for node in &mut nodes[..2] {
                let text = format!("{number}");
                node.say("red", &text).await;
                for member in &mut members[..2] {
                    member.expect_text(&text).await;
                }
                number += 1;
            }
            sleep(Duration::from_millis(100)).await;
        }
        let vanished = killed.elapsed();
        // Its last sign of life may be 2 s old.
        assert!(vanished + Duration::from_secs(2) > GONE[0], "{vanished:?}");
        println!("vanished after {vanished:.1?}, {number} messages meanwhile");
        let asked = Instant::now();
        for node in &mut nodes[..2] {
            assert_eq!(node.ask(&send).await, "Err(Unreachable)");
            node.expect_people("red", &["ada:1", "bob:1"], LOADED).await;
            let seen = node.counters().await;
            assert_eq!((seen.gaps, seen.lost, seen.repeated), (0, 0, 0), "{seen:?}");
        }
        assert!(asked.elapsed() < Duration::from_secs(2), "nobody waits for it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_drained_node_stay_for_15_s_and_come_back_elsewhere_without_a_twin() {
    over_each(async |broker| {
        let mut draining = Node::start(&broker.url()).await;
        let mut staying = Node::start(&broker.url()).await;
        let (mut ada, _) = draining.connect("user=ada&rooms=red").await;
        let (_eve, _) = draining.connect("user=eve&rooms=red").await;
        let (_bob, _) = staying.connect("user=bob&rooms=red").await;
        for node in [&mut draining, &mut staying] {
            node.expect_people("red", &["ada:1", "bob:1", "eve:1"], TOLD + LOADED)
                .await;
        }
        draining.signal("TERM").await;
        let signaled = Instant::now();
        let closed = async { while !matches!(ada.next().await, tokio_tungstenite::tungstenite::Message::Close(_)) {} };
        within("ada to be sent away", closed).await;
        drop(ada);
        let (_ada, _) = staying.connect("user=ada&rooms=red").await;
        let mut is_eve_there = true;
        while is_eve_there {
            assert!(
                signaled.elapsed() < Duration::from_secs(5) + DRAINED[1] + LOADED,
                "eve is still there"
            );
            // Nobody has a twin, or is away.
            let people = staying.people("red").await;
            is_eve_there = people.contains("eve:1");
            let others = people.len() - usize::from(is_eve_there);
            assert_eq!(others, 2, "{people:?}");
            sleep(Duration::from_millis(50)).await;
        }
        let vanished = signaled.elapsed();
        assert!(vanished > DRAINED[0], "{vanished:?}");
        println!("vanished after {vanished:.1?}");
        staying.expect_people("red", &["ada:1", "bob:1"], LOADED).await;
        draining.ended().await;
    })
    .await;
}
