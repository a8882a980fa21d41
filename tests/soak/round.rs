//! A round: visits follow each other in as many lines as there are clients, until time is up. Then everybody leaves, and
//! nothing may be left of them.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{census::Census, options::Options, visits::Visit, world::World};

/// For how long visits begin.
const ROUND: Duration = Duration::from_secs(8);

/// The longest visits take some five seconds on an idle machine. Each wait in one has its own end.
const LONGEST_VISIT: Duration = Duration::from_mins(5);

/// How long the server has to notice that everybody has left. Its own limits come first: the close time-out, the
/// heartbeat, the send time-out.
const SETTLING: Duration = Duration::from_mins(1);

/// Runs one round.
pub(crate) async fn run(options: &Options, world: &Arc<World>, round: u64) {
    let end = Instant::now() + ROUND.min(options.duration());
    let mut lines = JoinSet::new();
    for line in 0..u64::from(options.clients) {
        let (world, only, seed) = (world.clone(), options.only, options.seed);
        lines.spawn(async move {
            let mut visit = 0;
            while Instant::now() < end {
                // Every visit has choices of its own, whatever those before it took.
                let mut choices = Rng::with_seed(mix([seed, round, line, visit]));
                sleep(Duration::from_millis(choices.u64(0..1000))).await;
                one(
                    &world,
                    only,
                    choices,
                    &format!("round {round}, line {line}, visit {visit}"),
                )
                .await;
                visit += 1;
            }
        });
    }
    while let Some(ended) = lines.join_next().await {
        if let Err(error) = ended {
            world.ledger.violation(format!("a client broke: {error}"));
        }
    }
}

async fn one(world: &Arc<World>, only: Option<Visit>, mut choices: Rng, name: &str) {
    let visit = only.unwrap_or_else(|| Visit::choose(&mut choices));
    let permits = world.room.clone().acquire_many_owned(visit.most_clients()).await;
    let outcome = timeout(LONGEST_VISIT, visit.run(world, &mut choices)).await;
    drop(permits);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(trouble)) => world.ledger.violation(format!("{visit} ({name}): {trouble}")),
        Err(_elapsed) => world
            .ledger
            .violation(format!("{visit} ({name}): not over after {LONGEST_VISIT:?}")),
    }
}

/// Waits until the server is as empty as it was, and says what is left if it never is.
pub(crate) async fn settle(world: &World, empty: Census, tasks: impl Fn() -> usize) -> Census {
    let deadline = Instant::now() + SETTLING;
    loop {
        let now = Census::take(tasks());
        let left = left(world, empty, now);
        if left.is_empty() {
            check_counters(world);
            return now;
        }
        if Instant::now() >= deadline {
            for what in left {
                world
                    .ledger
                    .violation(format!("{SETTLING:?} after everybody left: {what}"));
            }
            return now;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn left(world: &World, empty: Census, now: Census) -> Vec<String> {
    let mut left = Vec::new();
    let connections = world.hub.count();
    if connections > 0 {
        left.push(format!("the hub has {connections} connections"));
    }
    for path in world.hub.paths() {
        let rooms = world.hub.endpoint(path).room_count();
        if rooms > 0 {
            left.push(format!("{path} has {rooms} rooms"));
        }
    }
    let not_closed = world.ledger.not_closed();
    if !not_closed.is_empty() {
        let some = &not_closed[..not_closed.len().min(10)];
        left.push(format!(
            "no close handler ran for {} clients, such as {some:?}",
            not_closed.len()
        ));
    }
    left.extend(now.left_since(empty));
    left
}

/// Compares what the hub counted with what the handlers were told.
fn check_counters(world: &World) {
    for path in ["/party", "/newest", "/oldest", "/stall"] {
        let told = world.ledger.endpoint(path);
        let counted = world.hub.endpoint(path).counters();
        // A message that was sent to nobody in particular, such as a greeting, is counted as well.
        let only_broadcasts = path == "/newest" || path == "/oldest";
        if only_broadcasts && counted.frames_encoded != told.broadcasts.get() {
            world.ledger.violation(format!(
                "{path}: {} frames were encoded for {} broadcasts",
                counted.frames_encoded,
                told.broadcasts.get()
            ));
        }
        let only_broadcasts_drop = path != "/stall";
        if only_broadcasts_drop && counted.messages_dropped != told.dropped.get() {
            world.ledger.violation(format!(
                "{path}: {} messages were dropped, but `Delivery` told of {}",
                counted.messages_dropped,
                told.dropped.get()
            ));
        }
    }
}

/// Makes one seed of several numbers (splitmix64).
fn mix(numbers: [u64; 4]) -> u64 {
    numbers.into_iter().fold(0, |mixed, number| {
        let mut z = (mixed ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
