//! Keyed broadcasts of several threads, in many interleavings.
//!
//! All recipients end with the same value, each frame is written once or replaced, and the values of a thread stay in order.

use std::sync::Arc;

use shuttle::{
    check_pct, check_random,
    thread::{self, JoinHandle},
};

use super::{FRAME, drive, enter_with};
use crate::{
    hub::{
        audience::{Audience, Delivery},
        directory::EndpointRef,
        members::EndpointMembers,
    },
    types::{
        close::Ending,
        limits::{Bounds, Overflow},
    },
    wire::pipe::PipeEnd,
};

/// A message is one byte: the publisher times this, plus the number of the message.
const NUMBERS: u8 = 16;

/// The key of a message, of two.
const fn key(message: u8) -> &'static str {
    if message % 2 == 0 { "even" } else { "odd" }
}

/// Publishes messages of both keys, and broadcasts one without a key.
fn publish(hub: &Arc<EndpointMembers>, publisher: u8) -> Delivery {
    let everyone = Audience::everyone(EndpointRef::Found(hub.clone()));
    let mut all = Delivery::default();
    for number in 1..5 {
        let message = publisher * NUMBERS + number;
        let keyed = everyone.clone().keyed(key(message));
        let delivery = match number {
            3 => everyone.sync_broadcast(vec![message]),
            _ => keyed.sync_broadcast(vec![message]),
        };
        all.queued += delivery.queued;
        all.replaced += delivery.replaced;
        all.dropped += delivery.dropped;
    }
    all
}

fn publishers_and_late_readers() {
    let bounds = Bounds {
        max_outbound_messages: 16,
        overflow: Overflow::DropNewest,
        ..Bounds::default()
    };
    let hub = Arc::new(EndpointMembers::new("/races", Arc::new(bounds.clone())));
    let pipes = [PipeEnd::new(), PipeEnd::new()];
    let members = pipes.each_ref().map(|pipe| enter_with(&hub, &bounds, Some(pipe)));
    let drivers = members.clone().map(|live| thread::spawn(move || drive(&live)));
    // One client takes bytes in parts that are not whole frames. The other takes none at first.
    pipes[0].make_room(2 * FRAME + 1);
    let publishers: Vec<JoinHandle<Delivery>> = (0..2)
        .map(|publisher| {
            let hub = hub.clone();
            thread::spawn(move || publish(&hub, publisher))
        })
        .collect();
    let mut frames = 0;
    for publisher in publishers {
        let delivery = publisher.join().expect("it ends");
        assert_eq!(delivery.dropped, 0);
        frames += delivery.queued - delivery.replaced;
    }
    pipes.iter().for_each(|pipe| pipe.make_room(100 * FRAME));
    let written = || pipes.each_ref().map(PipeEnd::written);
    // If a frame is never written, the scheduler reports this loop as endless.
    while written().concat().len() < frames * FRAME {
        thread::yield_now();
    }
    for live in &members {
        live.close(Ending::shutdown());
    }
    for driver in drivers {
        driver.join().expect("the driver ends");
    }
    assert_eq!(written().concat().len(), frames * FRAME, "nothing else");
    let payloads = written().map(|bytes| bytes.chunks(FRAME).map(|frame| frame[FRAME - 1]).collect::<Vec<_>>());
    for one in &payloads {
        for (publisher, name) in [(0, "even"), (0, "odd"), (1, "even"), (1, "odd")] {
            let its = one.iter().filter(|byte| **byte / NUMBERS == publisher);
            let of_key = its.filter(|byte| *byte % NUMBERS != 3 && key(**byte) == name);
            assert!(of_key.is_sorted_by(|one, next| one < next), "{payloads:?}");
        }
    }
    for name in ["even", "odd"] {
        let last = payloads.each_ref().map(|one| {
            let keyed = one.iter().rev().filter(|byte| *byte % NUMBERS != 3);
            keyed.copied().find(|byte| key(*byte) == name)
        });
        assert!(last[0].is_some() && last[0] == last[1], "{name}: {payloads:?}");
    }
}

#[test]
fn all_recipients_end_with_the_same_values_in_races() {
    check_random(publishers_and_late_readers, 3000);
    check_pct(publishers_and_late_readers, 3000, 3);
}
