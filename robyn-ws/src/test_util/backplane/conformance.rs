//! The promises of a backplane.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use bytes::Bytes;

use crate::{
    backplane::{Backplane, Interest, Subject},
    test_util::backplane::{TestNode, subject, within},
};

/// Number of payloads that a reader who keeps up gets without a loss.
const MANY: usize = 10_000;

/// The longest payload that is tried. A backplane may take longer ones.
const LONGEST: usize = 64 * 1024 * 1024;

/// Checks that a backplane keeps its promises. Each call of `make` returns one more node on the same bus.
///
/// ```
/// use robyn_ws::test_util::backplane::{MemoryBus, conformance};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = MemoryBus::new();
/// conformance(async || bus.node()).await;
/// # }
/// ```
///
/// The promises:
///
/// * A payload reaches each other node with an interest in its subject, exactly once, and no node without an interest. It
///   reaches a node with an interest in the subject and in the partition at least once. Whether it comes back to its
///   publisher is left open.
/// * The payloads of one publisher to one subject come in their order. Over several subjects, the receiver sorts them.
/// * 10,000 payloads are not lost when the reader keeps up.
/// * A payload may be empty, and as long as [`Backplane::max_payload`]. A longer one is an error, after which the bus works.
/// * An interest that was added twice is one. After `unsubscribe`, nothing comes any more, until the interest is added again.
/// * A dropped backplane releases its inbox, and the other nodes go on.
///
/// # Panics
///
/// If a promise is broken, or a wait lasts longer than [`TIMEOUT`](crate::test_util::TIMEOUT). The message names the promise.
pub async fn conformance<B: Backplane>(make: impl AsyncFn() -> B) {
    let kit = Kit {
        publisher: TestNode::open(make().await).await,
        one: TestNode::open(make().await).await,
        other: TestNode::open(make().await).await,
    };
    kit.interested_nodes_get_each_payload_once().await;
    kit.nodes_with_both_interests_get_each_payload().await;
    kit.payloads_to_one_subject_keep_their_order().await;
    kit.many_payloads_come_without_loss().await;
    kit.shortest_and_longest_payloads_come_whole().await;
    kit.too_long_payload_is_an_error().await;
    kit.interest_added_twice_is_one_and_can_be_removed().await;
    kit.dropped_backplane_releases_its_inbox(make).await;
    kit.nothing_else_has_come();
}

struct Kit<B> {
    publisher: TestNode<B>,
    one: TestNode<B>,
    other: TestNode<B>,
}

impl<B: Backplane> Kit<B> {
    async fn interested_nodes_get_each_payload_once(&self) {
        const PROMISE: &str = "a payload reaches each interested node exactly once, and no other";
        let subject = subject();
        let elsewhere = outside_of_its_partition(subject);
        done(
            PROMISE,
            self.one.backplane().subscribe(vec![Interest::Subject(subject)]),
        )
        .await;
        let partition = subject.partition().map(Interest::Partition).into_iter();
        let both = partition.chain([Interest::Subject(elsewhere)]).collect();
        done(PROMISE, self.other.backplane().subscribe(both)).await;
        let payloads = self.publish_all(PROMISE, [subject], 10).await;
        // Only the other node is interested, which must not get it before the rest is counted.
        let last = self.publish_all(PROMISE, [elsewhere], 1).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        expect_exactly(PROMISE, &self.other, &[payloads, last].concat()).await;
        self.forget(PROMISE, subject).await;
        done(
            PROMISE,
            self.other.backplane().unsubscribe(vec![Interest::Subject(elsewhere)]),
        )
        .await;
    }

    async fn nodes_with_both_interests_get_each_payload(&self) {
        const PROMISE: &str =
            "a payload reaches a node with an interest in its subject and its partition at least once";
        let subject = subject();
        done(PROMISE, self.one.backplane().subscribe(interests_in(subject))).await;
        let payloads = self.publish_all(PROMISE, [subject], 10).await;
        let mut missing: BTreeSet<Bytes> = payloads.into_iter().collect();
        let come = async {
            while !missing.is_empty() {
                tokio::task::yield_now().await;
                for payload in self.one.take_received() {
                    missing.remove(&payload);
                }
            }
        };
        kept(PROMISE, within("10 payloads", come).await);
        self.forget(PROMISE, subject).await;
        // Second copies may have come meanwhile.
        self.one.take_received();
    }

    async fn payloads_to_one_subject_keep_their_order(&self) {
        const PROMISE: &str = "the payloads of one publisher to one subject come in their order";
        let subject = subject();
        done(
            PROMISE,
            self.one.backplane().subscribe(vec![Interest::Subject(subject)]),
        )
        .await;
        let payloads = self.publish_all(PROMISE, [subject], 1000).await;
        let come = receive(PROMISE, &self.one, payloads.len()).await;
        assert!(
            come == payloads,
            "broken promise: {PROMISE}: {}",
            first_difference(&come, &payloads)
        );
        self.forget(PROMISE, subject).await;
    }

    async fn many_payloads_come_without_loss(&self) {
        const PROMISE: &str = "10,000 payloads are not lost when the reader keeps up";
        let subjects: [Subject; 10] = std::array::from_fn(|_| subject());
        let interests = subjects.map(Interest::Subject).to_vec();
        done(PROMISE, self.one.backplane().subscribe(interests.clone())).await;
        let payloads = self.publish_all(PROMISE, subjects, MANY / subjects.len()).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        let lost = self.one.lost();
        assert!(lost == 0, "broken promise: {PROMISE}: {lost} are reported as lost");
        done(PROMISE, self.one.backplane().unsubscribe(interests)).await;
    }

    async fn shortest_and_longest_payloads_come_whole(&self) {
        const PROMISE: &str = "a payload may be empty, and as long as `max_payload`";
        let subject = subject();
        done(
            PROMISE,
            self.one.backplane().subscribe(vec![Interest::Subject(subject)]),
        )
        .await;
        let longest = self.publisher.backplane().max_payload().min(LONGEST);
        let payloads = [Bytes::new(), Bytes::from(vec![b'x'; longest])];
        for payload in &payloads {
            done(PROMISE, self.publisher.backplane().publish(subject, payload.clone())).await;
        }
        let come = receive(PROMISE, &self.one, payloads.len()).await;
        let lengths: Vec<usize> = come.iter().map(Bytes::len).collect();
        assert!(
            come == payloads,
            "broken promise: {PROMISE}: payloads of {lengths:?} bytes came for 0 and {longest}"
        );
        self.forget(PROMISE, subject).await;
    }

    async fn too_long_payload_is_an_error(&self) {
        const PROMISE: &str = "a payload longer than `max_payload` is an error, after which the bus works";
        let most = self.publisher.backplane().max_payload();
        if most >= LONGEST {
            return;
        }
        let subject = subject();
        done(
            PROMISE,
            self.one.backplane().subscribe(vec![Interest::Subject(subject)]),
        )
        .await;
        let payload = Bytes::from(vec![b'x'; most + 1]);
        let publishing = self.publisher.backplane().publish(subject, payload);
        let outcome = kept(PROMISE, within("an answer", publishing).await);
        assert!(
            outcome.is_err(),
            "broken promise: {PROMISE}: {} bytes were published",
            most + 1
        );
        let payloads = self.publish_all(PROMISE, [subject], 1).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        self.forget(PROMISE, subject).await;
    }

    async fn interest_added_twice_is_one_and_can_be_removed(&self) {
        const PROMISE: &str = "an interest that was added twice is one, and can be removed";
        let (subject, elsewhere) = (subject(), subject());
        let interest = Interest::Subject(subject);
        let one = self.one.backplane();
        done(PROMISE, one.unsubscribe(vec![interest])).await;
        done(PROMISE, one.subscribe(vec![interest, interest])).await;
        done(PROMISE, one.subscribe(vec![Interest::Subject(elsewhere), interest])).await;
        let payloads = self.publish_all(PROMISE, [subject], 10).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        done(PROMISE, one.unsubscribe(vec![interest])).await;
        self.publish_all(PROMISE, [subject], 10).await;
        let last = self.publish_all(PROMISE, [elsewhere], 1).await;
        expect_exactly(PROMISE, &self.one, &last).await;
        done(PROMISE, one.subscribe(vec![interest])).await;
        let payloads = self.publish_all(PROMISE, [subject], 10).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        done(PROMISE, one.unsubscribe(vec![interest, Interest::Subject(elsewhere)])).await;
    }

    async fn dropped_backplane_releases_its_inbox(&self, make: impl AsyncFn() -> B) {
        const PROMISE: &str = "a dropped backplane releases its inbox, and the others go on";
        let subject = subject();
        let dropped = TestNode::open(make().await).await;
        for node in [&dropped, &self.one] {
            done(PROMISE, node.backplane().subscribe(vec![Interest::Subject(subject)])).await;
        }
        dropped.close().await;
        let payloads = self.publish_all(PROMISE, [subject], 10).await;
        expect_exactly(PROMISE, &self.one, &payloads).await;
        self.forget(PROMISE, subject).await;
    }

    /// Looks at what has come late, or has come to the publisher, which is interested in nothing.
    fn nothing_else_has_come(&self) {
        for node in [&self.publisher, &self.one, &self.other] {
            let more = node.take_received().len();
            assert!(
                more == 0,
                "broken promise: {more} payloads came twice, or to a node without an interest"
            );
        }
    }

    /// Publishes payloads, each of which is unique, to all subjects in turn.
    async fn publish_all<const N: usize>(&self, promise: &str, subjects: [Subject; N], each: usize) -> Vec<Bytes> {
        let mut payloads = Vec::with_capacity(N * each);
        for _ in 0..each {
            for subject in subjects {
                let payload = Bytes::from(format!("{subject} {}", payloads.len()));
                done(promise, self.publisher.backplane().publish(subject, payload.clone())).await;
                payloads.push(payload);
            }
        }
        payloads
    }

    /// Removes all interests in a subject.
    async fn forget(&self, promise: &str, subject: Subject) {
        for node in [&self.one, &self.other] {
            done(promise, node.backplane().unsubscribe(interests_in(subject))).await;
        }
    }
}

fn outside_of_its_partition(other: Subject) -> Subject {
    loop {
        let subject = subject();
        if subject.partition() != other.partition() {
            return subject;
        }
    }
}

fn interests_in(subject: Subject) -> Vec<Interest> {
    let partition = subject.partition().map(Interest::Partition);
    partition.into_iter().chain([Interest::Subject(subject)]).collect()
}

async fn done<T, E: Debug>(promise: &str, doing: impl Future<Output = Result<T, E>>) -> T {
    let outcome = kept(promise, within("the end of a call", doing).await);
    outcome.unwrap_or_else(|error| panic!("broken promise: {promise}: {error:?}"))
}

async fn receive<B: Backplane>(promise: &str, node: &TestNode<B>, count: usize) -> Vec<Bytes> {
    let receiving = async {
        let mut come = node.take_received();
        while come.len() < count {
            tokio::task::yield_now().await;
            come.extend(node.take_received());
        }
        come
    };
    kept(promise, within(&format!("{count} payloads"), receiving).await)
}

/// Waits for these payloads in any order.
async fn expect_exactly<B: Backplane>(promise: &str, node: &TestNode<B>, payloads: &[Bytes]) {
    let mut counts: BTreeMap<Bytes, i64> = BTreeMap::new();
    for payload in receive(promise, node, payloads.len()).await {
        *counts.entry(payload).or_default() += 1;
    }
    for payload in payloads {
        *counts.entry(payload.clone()).or_default() -= 1;
    }
    counts.retain(|_, count| *count != 0);
    let first = counts.into_iter().next();
    if let Some((payload, count)) = first {
        let count = if count > 0 {
            format!("{count} more")
        } else {
            format!("{} fewer", -count)
        };
        panic!("broken promise: {promise}: {payload:?} came {count} times than expected");
    }
}

fn first_difference(come: &[Bytes], expected: &[Bytes]) -> String {
    let position = come.iter().zip(expected).position(|(come, expected)| come != expected);
    let position = position.unwrap_or_default();
    format!(
        "payload {position} is {:?}, expected {:?}",
        come[position], expected[position]
    )
}

#[track_caller]
fn kept<T>(promise: &str, outcome: Result<T, String>) -> T {
    outcome.unwrap_or_else(|failure| panic!("broken promise: {promise}: {failure}"))
}
