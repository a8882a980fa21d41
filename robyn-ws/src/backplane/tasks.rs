//! The tasks of a node: what it publishes, what it wants to get, and its signs of life.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::{
    backplane::{
        BackplaneError,
        envelope::Body,
        interests::Changes,
        nodes::HEARTBEAT,
        outgoing::{MAX_AGE, Outgoing},
        reports::NotPublished,
        sealing::Sealing,
        subject::Interest,
        this_node::ThisNode,
    },
    util::{isolate, random::time_below, time::Moment},
};

/// How often interests that are over are looked for.
const CLEANING: Duration = Duration::from_secs(1);

/// How long the first of some new interests waits for more, which are added together.
const GATHERING: Duration = Duration::from_millis(2);

/// A node that another one wants to hear of is heard within this time.
const GREETING: Duration = Duration::from_millis(100);

/// How long the backplane has to change interests.
const PATIENCE: Duration = Duration::from_secs(5);

/// Number of interests that are changed at once.
const PART: usize = 1000;

/// The time after which interests that could not be added are added again.
const RETRY: Duration = Duration::from_millis(500);

/// Publishes what is queued, one after the other.
pub(super) async fn publish(node: Arc<ThisNode>) {
    let mut sealing = node.sealing();
    loop {
        let outgoing = node.outgoing.next().await;
        match publish_one(&node, &outgoing, &mut sealing).await {
            Ok(()) => node.reports.published(),
            Err(why) => node.reports.not_published(&why),
        }
        node.outgoing.done();
    }
}

async fn publish_one(node: &ThisNode, outgoing: &Outgoing, sealing: &mut Sealing) -> Result<(), NotPublished> {
    if outgoing.is_too_old(Moment::now()) {
        return Err(NotPublished::TooOld);
    }
    let envelope = sealing.seal(outgoing.subject, &outgoing.body)?;
    limited(MAX_AGE, async {
        node.backplane().publish(outgoing.subject, envelope).await
    })
    .await
}

/// Tells the backplane what this node wants to get.
pub(super) async fn subscribe(node: Arc<ThisNode>) {
    let mut cleaning = interval(CLEANING);
    cleaning.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Whether all interests are being added.
    let mut everything = false;
    loop {
        tokio::select! {
            () = node.interests.changed() => sleep(GATHERING).await,
            _ = cleaning.tick() => {}
        }
        // A change that was missed, or one that happened before the backplane was opened.
        if let Ok(health) = isolate::call(|| node.backplane().health()) {
            node.health_changed(health);
        }
        // Before the changes, which then have the interests of these rooms.
        let wanted = node.elsewhere.take_new();
        if !node.is_up() {
            // All of it is told when it is up.
            node.forget_numbers(node.interests.expire(Moment::now()));
            continue;
        }
        let Changes {
            added,
            removed,
            are_all,
            ended,
        } = node.interests.take_changes(Moment::now());
        node.forget_numbers(ended);
        if let Err(Failed { why, added }) = change(&node, added, &removed).await {
            node.reports.not_subscribed(&why);
            node.interests.failed(added.into_iter().chain(removed));
            everything |= are_all;
            node.elsewhere.want_again(wanted);
            sleep(RETRY).await;
            continue;
        }
        let are_all = std::mem::take(&mut everything) || are_all;
        node.reports.told();
        let rooms = if are_all { node.elsewhere.all_wanted() } else { wanted };
        if are_all {
            let _ = node.publish(&Body::Hello, &[]); // It is counted. The others hear of this node soon.
            node.reconnected.notify_one();
        }
        node.ask_for_people_of(&rooms).await;
    }
}

/// A change of interests that has failed.
struct Failed {
    why: NotPublished,
    /// The interests that could not be added.
    added: Vec<Interest>,
}

/// Adds interests, and then removes others, so that nothing is missed between them. They are added part by part, so that many
/// of them get further each time.
async fn change(node: &ThisNode, mut added: Vec<Interest>, removed: &[Interest]) -> Result<(), Failed> {
    while !added.is_empty() {
        let part = added[added.len().saturating_sub(PART)..].to_vec();
        if let Err(why) = limited(PATIENCE, async { node.backplane().subscribe(part).await }).await {
            return Err(Failed { why, added });
        }
        added.truncate(added.len().saturating_sub(PART));
    }
    for part in removed.chunks(PART) {
        let removing = limited(PATIENCE, async { node.backplane().unsubscribe(part.to_vec()).await });
        removing.await.map_err(|why| Failed { why, added: Vec::new() })?;
    }
    Ok(())
}

/// Publishes signs of life, and forgets nodes without any.
pub(super) async fn live(node: Arc<ThisNode>) {
    let mut beats = interval(HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = beats.tick() => {}
            // Many nodes may have started at once, and all nodes hear them.
            () = node.asked.notified() => sleep(time_below(GREETING)).await,
        }
        node.sweep();
        node.beat();
    }
}

/// Awaits a call of the backplane, which may be code of the user.
async fn limited<T>(limit: Duration, call: impl Future<Output = Result<T, BackplaneError>>) -> Result<T, NotPublished> {
    let called = timeout(limit, isolate::future(call))
        .await
        .map_err(|_| NotPublished::TimedOut)?;
    Ok(called??)
}
