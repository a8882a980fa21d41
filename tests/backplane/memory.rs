//! The bus in memory.

use std::time::Duration;

use robyn_ws::{
    Backplane as _, BackplaneError, Health, Interest,
    test_util::backplane::{Faults, MemoryBus, MemoryNode, TestNode, conformance, subject},
};

#[tokio::test]
async fn bus_in_memory_keeps_the_promises_of_a_backplane() {
    let bus = MemoryBus::new();
    conformance(async || bus.node()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_in_memory_keeps_the_promises_on_several_threads() {
    let bus = MemoryBus::new();
    conformance(async || bus.node()).await;
}

async fn two_nodes(bus: &MemoryBus) -> (TestNode<MemoryNode>, TestNode<MemoryNode>) {
    (TestNode::open(bus.node()).await, TestNode::open(bus.node()).await)
}

/// Publishes numbers while the bus has faults, and returns those that come until a last one without a fault.
async fn numbers_with(faults: Faults) -> Vec<u32> {
    let bus = MemoryBus::new();
    let (one, other) = two_nodes(&bus).await;
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    bus.faults(faults);
    for number in 0..1000_u32 {
        one.publish(subject, number.to_string()).await;
    }
    bus.heal();
    tokio::time::sleep(Duration::from_secs(2)).await;
    one.publish(subject, "last").await;
    let mut numbers = Vec::new();
    loop {
        let payload = other.receive().await;
        match str::from_utf8(&payload).expect("text").parse() {
            Ok(number) => numbers.push(number),
            Err(_last) => return numbers,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn faults_are_those_that_were_asked_for_and_the_same_for_a_seed() {
    let dropped = numbers_with(Faults::seeded(7).drop(0.1)).await;
    assert!((850..950).contains(&dropped.len()), "{}", dropped.len());
    assert!(dropped.is_sorted());
    assert_eq!(dropped, numbers_with(Faults::seeded(7).drop(0.1)).await);
    assert_ne!(dropped, numbers_with(Faults::seeded(8).drop(0.1)).await);

    let duplicated = numbers_with(Faults::seeded(7).duplicate(0.1)).await;
    assert!((1050..1150).contains(&duplicated.len()), "{}", duplicated.len());
    assert!(duplicated.is_sorted());

    let second = Duration::from_secs(1);
    for faults in [Faults::seeded(7).delay(0.1, second), Faults::seeded(7).reorder(0.1)] {
        let mut late = numbers_with(faults).await;
        assert!(!late.is_sorted());
        late.sort_unstable();
        assert_eq!(late, (0..1000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn node_that_is_cut_off_is_down_until_the_bus_is_healed() {
    let bus = MemoryBus::new();
    let (one, other) = two_nodes(&bus).await;
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    bus.cut(other.backplane());
    other.expect_health(Health::Down).await;
    one.publish(subject, "unheard").await;
    let refused = other.backplane().subscribe(vec![Interest::Subject(subject)]).await;
    assert!(matches!(refused, Err(BackplaneError::Disconnected)), "{refused:?}");
    bus.heal();
    other.expect_health(Health::Up).await;
    other.subscribe(Interest::Subject(subject)).await;
    one.publish(subject, "heard").await;
    assert_eq!(other.receive().await, "heard");
    assert_eq!(other.health_changes(), [Health::Down, Health::Up]);
}

#[tokio::test]
async fn payloads_beyond_the_queue_of_a_node_are_reported_as_lost() {
    let bus = MemoryBus::new();
    let (one, other) = two_nodes(&bus).await;
    let subject = subject();
    other.subscribe(Interest::Subject(subject)).await;
    for number in 0..20_000_u32 {
        // It is ready at once, so no other task has a turn.
        let published = one.backplane().publish(subject, number.to_string().into()).await;
        published.expect("the bus is up");
    }
    let lost = usize::try_from(other.lost()).expect("few");
    assert_eq!(lost, 20_000 - 16 * 1024);
    for number in 0..20_000 - lost {
        assert_eq!(other.receive().await, number.to_string());
    }
}
