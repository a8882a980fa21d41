//! Connections join, receive broadcasts and leave at the same time, in many interleavings.
//!
//! Afterwards the hub is empty. A connection that has left never joins a room. Every frame reported as queued is
//! written once and in order, even if the flusher's task ends early.

mod keys;
mod people;

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, LazyLock},
    task::Poll,
};

use shuttle::{
    check_pct, check_random,
    future::block_on,
    rand::{Rng as _, thread_rng},
    thread::{self, JoinHandle},
};
use tokio::runtime::{Builder, Runtime};

use super::{
    live::{Live, RunningHandler},
    members::EndpointMembers,
    sweep::Alarm,
};
use crate::{
    hub::{
        audience::{Audience, Delivery},
        directory::EndpointRef,
    },
    mailbox::{Mailbox, unanswered::UnansweredCalls, writing::Written},
    types::{
        close::Ending,
        id::ConnectionId,
        limits::{Bounds, Overflow},
        message::Message,
    },
    wire::{
        pipe::PipeEnd,
        writer::{FrameWriter, WriteSide},
    },
};

/// The runtime of all connections. It runs nothing: the scheduler runs the flushers' tasks.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without a driver")
});

/// Maximum number of polls of a flusher's task before its runtime ends.
const POLLS: usize = 4;

/// Runs the task of a flusher, which may end early.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    let mut polls = thread_rng().gen_range(0..2 * POLLS);
    let is_cut = polls < POLLS;
    shuttle::future::spawn(async move {
        let mut task = pin!(task);
        poll_fn(|cx| {
            if is_cut && polls == 0 {
                return Poll::Ready(());
            }
            polls = polls.saturating_sub(1);
            task.as_mut().poll(cx)
        })
        .await;
    });
}

pub(super) fn enter(hub: &Arc<EndpointMembers>) -> Arc<Live> {
    enter_with(hub, &Bounds::default(), None)
}

pub(super) fn enter_with(hub: &Arc<EndpointMembers>, bounds: &Bounds, pipe: Option<&PipeEnd>) -> Arc<Live> {
    let runtime = RUNTIME.handle().clone();
    let live = Arc::new(Live {
        id: ConnectionId::random(),
        mailbox: Mailbox::new(Arc::new(bounds.clone())),
        request: Arc::default(),
        endpoint: hub.clone(),
        flusher: hub.flusher(runtime),
        running: RunningHandler::default(),
        calls: UnansweredCalls::default(),
        alarm: Alarm::default(),
    });
    if let Some(pipe) = pipe {
        live.mailbox.connect(FrameWriter::new(WriteSide::Pipe(pipe.clone())));
    }
    hub.enter(live.clone());
    live.finish_connect(None);
    live
}

fn everybody_comes_and_goes() {
    let hub = Arc::new(EndpointMembers::new("/races", Arc::default()));
    let (one, other) = (enter(&hub), enter(&hub));
    let joining = thread::spawn({
        let (hub, one) = (hub.clone(), one.clone());
        move || {
            let joined = hub.join(one.id, "room");
            assert!(
                joined.is_member || !one.mailbox.is_open(),
                "only a connection that has left cannot join"
            );
            hub.leave_room(one.id, "room");
            hub.join(one.id, "room");
        }
    });
    let broadcasting = thread::spawn({
        let hub = hub.clone();
        move || {
            let everyone = Audience::everyone(EndpointRef::Found(hub));
            let in_the_room = everyone.clone().to("room").sync_broadcast("to the room");
            let all = everyone.sync_broadcast("to all");
            assert!(in_the_room.queued <= 1 && all.queued <= 2);
        }
    });
    one.close(Ending::shutdown());
    assert!(
        !hub.leave_room(one.id, "room").was_member,
        "a connection that has left is in no room"
    );
    other.close(Ending::shutdown());
    joining.join().expect("the joining thread ends");
    broadcasting.join().expect("the broadcasting thread ends");
    for live in [one, other] {
        live.mailbox.drop_socket();
        hub.forget(live.id);
        hub.forget_departed(live.id);
        assert!(
            hub.rooms_of(live.id).is_empty(),
            "no rooms are kept for an ended connection"
        );
    }
    assert_eq!((hub.count(), hub.room_count(), hub.running().len()), (0, 0, 0));
}

#[test]
fn hub_is_empty_when_all_have_left_whatever_they_did_meanwhile() {
    check_random(everybody_comes_and_goes, 3000);
    check_pct(everybody_comes_and_goes, 3000, 3);
}

/// A message is one byte: the sender times this, plus the number of the message.
const NUMBERS: u8 = 16;

/// Bytes on the wire of a frame with one byte of payload.
pub(super) const FRAME: usize = 3;

/// Writes and sleeps like a connection's driver, until the connection is closed and all frames are written.
pub(super) fn drive(live: &Arc<Live>) {
    block_on(poll_fn(|cx| {
        loop {
            let ends = live.mailbox.take_signals().ending.is_some();
            match live.write_with(Some(cx), &mut { usize::MAX }) {
                Written::Broken => panic!("this socket does not break"),
                Written::All if ends => return Poll::Ready(()),
                _ if live.mailbox.sleep(cx, ends) => return Poll::Pending,
                _ => {}
            }
        }
    }));
}

/// Sends in all ways that exist, each message with its own number. Returns the number of queued messages.
fn send_by_all_ways(hub: &Arc<EndpointMembers>, sender: u8, to: &Arc<Live>) -> usize {
    let mut number = sender * NUMBERS;
    let mut next = || {
        number += 1;
        Message::from(vec![number])
    };
    let everyone = Audience::everyone(EndpointRef::Found(hub.clone()));
    let mut queued = 0;
    let mut count = |delivery: Delivery| queued += delivery.queued;
    count(everyone.sync_broadcast(next()));
    count(everyone.clone().except(to.id).sync_broadcast(next()));
    let sent = to.send(&next());
    count(everyone.sync_broadcast(next()));
    count(everyone.clone().to("room").sync_broadcast(next()));
    to.answer(Some(&next()));
    count(everyone.sync_broadcast(next()));
    queued + usize::from(sent.is_ok()) + 1
}

fn whatever_is_queued_is_written(overflow: Overflow) {
    let bounds = Bounds {
        max_outbound_messages: 4,
        overflow,
        ..Bounds::default()
    };
    let hub = Arc::new(EndpointMembers::new("/races", Arc::new(bounds.clone())));
    let pipes = [PipeEnd::new(), PipeEnd::new()];
    let members = pipes.each_ref().map(|pipe| enter_with(&hub, &bounds, Some(pipe)));
    assert!(hub.join(members[0].id, "room").is_member);
    let drivers = members.clone().map(|live| thread::spawn(move || drive(&live)));
    let senders: Vec<JoinHandle<usize>> = (0..2)
        .map(|sender| {
            let (hub, to) = (hub.clone(), members[usize::from(sender)].clone());
            thread::spawn(move || send_by_all_ways(&hub, sender, &to))
        })
        .collect();
    // One client takes bytes in parts that are not whole frames. The other takes none at first.
    pipes[0].make_room(FRAME + 1);
    let queued: usize = senders.into_iter().map(|sender| sender.join().expect("it ends")).sum();
    pipes.iter().for_each(|pipe| pipe.make_room(100 * FRAME));
    let dropped = usize::try_from(hub.telemetry.messages_dropped()).expect("few are dropped");
    let evicted = if overflow == Overflow::DropOldest { dropped } else { 0 };
    let written = || pipes.each_ref().map(PipeEnd::written);
    // If a frame is never written, the scheduler reports this loop as endless.
    while written().concat().len() < (queued - evicted) * FRAME {
        thread::yield_now();
    }
    for live in &members {
        live.close(Ending::shutdown());
    }
    for driver in drivers {
        driver.join().expect("the driver ends");
    }
    assert_eq!(written().concat().len(), (queued - evicted) * FRAME, "nothing else");
    // A reply may exceed the limit by itself. So may a frame if none of the others can be dropped.
    let most = bounds.max_outbound_messages + 1 + usize::from(overflow == Overflow::DropOldest);
    assert!(written()[1].len() <= most * FRAME, "no queue was over its bounds");
    for bytes in written() {
        let payloads: Vec<u8> = bytes.chunks(FRAME).map(|frame| frame[FRAME - 1]).collect();
        for sender in 0..2 {
            let its = payloads.iter().filter(|byte| **byte / NUMBERS == sender);
            assert!(
                its.is_sorted_by(|one, next| one < next),
                "once and in order: {payloads:?}"
            );
        }
    }
}

/// Like [`whatever_is_queued_is_written`], with a connection that is closed meanwhile.
fn whatever_is_queued_is_written_before_the_end() {
    let hub = Arc::new(EndpointMembers::new("/races", Arc::default()));
    let pipe = PipeEnd::new();
    let member = enter_with(&hub, &Bounds::default(), Some(&pipe));
    let driver = thread::spawn({
        let member = member.clone();
        move || drive(&member)
    });
    let closing = thread::spawn({
        let member = member.clone();
        move || drop(member.close(Ending::shutdown()))
    });
    pipe.make_room(100 * FRAME);
    let everyone = Audience::everyone(EndpointRef::Found(hub));
    let queued: usize = (1..4).map(|number| everyone.sync_broadcast(vec![number]).queued).sum();
    closing.join().expect("it closes");
    driver.join().expect("the driver ends");
    assert_eq!(pipe.written().len(), queued * FRAME, "what was queued is written");
}

#[test]
fn whatever_a_delivery_says_is_queued_is_written_in_races_before_the_end() {
    check_random(whatever_is_queued_is_written_before_the_end, 3000);
    check_pct(whatever_is_queued_is_written_before_the_end, 3000, 3);
}

#[test]
fn whatever_a_delivery_says_is_queued_is_written_in_races_once_and_in_order() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        check_random(move || whatever_is_queued_is_written(overflow), 3000);
        check_pct(move || whatever_is_queued_is_written(overflow), 3000, 3);
    }
}
