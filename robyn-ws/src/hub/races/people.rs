//! People come, change and go at the same time, in many interleavings.
//!
//! Arrivals and departures are told as often as each other, a limit holds, and a message for a person reaches nobody else.

use std::sync::Arc;

use shuttle::{check_pct, check_random, thread};

use super::enter;
use crate::{
    hub::{
        audience::Audience,
        identities::{Identities, IdentityScopes},
        live::Live,
        members::EndpointMembers,
    },
    types::{
        close::Ending,
        identity::Identity,
        limits::{Bounds, IdentityOverflow},
    },
};

/// An endpoint of an app with this policy for a second connection of a person, and the index of the app.
fn endpoint_with(overflow: IdentityOverflow, most: usize) -> (Arc<EndpointMembers>, Arc<Identities>) {
    let bounds = Bounds {
        max_connections_per_identity: Some(most),
        identity_overflow: overflow,
        ..Bounds::default()
    };
    let identities = Arc::new(Identities::default());
    let scopes = IdentityScopes::of_app(identities.clone(), &bounds);
    let endpoint = EndpointMembers::new("/races", Arc::new(bounds)).with_identities(scopes);
    (Arc::new(endpoint), identities)
}

fn end(live: &Arc<Live>) {
    live.close(Ending::shutdown());
    live.mailbox.drop_socket();
    live.endpoint.forget(live.id);
    live.endpoint.forget_departed(live.id);
}

/// Two tabs of one person come and go, while a third one changes its person.
fn people_come_and_go() {
    let (hub, identities) = endpoint_with(IdentityOverflow::Refuse, 3);
    let third = enter(&hub);
    let tabs = [enter(&hub), enter(&hub)].map(|tab| {
        let hub = hub.clone();
        thread::spawn(move || {
            hub.identify(&tab, Identity::new("one")).expect("three are allowed");
            let arrivals = usize::from(hub.join(tab.id, "room").first_of_identity);
            tab.close(Ending::shutdown());
            let departures = hub
                .departures(tab.id)
                .iter()
                .filter(|departure| departure.last_of_identity)
                .count();
            end(&tab);
            (arrivals, departures)
        })
    });
    hub.join(third.id, "room");
    let (mut arrivals, mut departures) = (0, 0);
    for name in ["one", "other"] {
        let identified = hub.identify(&third, Identity::new(name)).expect("three are allowed");
        let change = &identified.rooms[0];
        if name == "one" {
            assert!(change.last_of_previous, "it had no identity before");
            arrivals += usize::from(change.first_of_identity);
        } else {
            departures += usize::from(change.last_of_previous);
            assert!(change.first_of_identity, "nobody else is the other");
        }
    }
    for tab in tabs {
        let (its_arrivals, its_departures) = tab.join().expect("the tab ends");
        arrivals += its_arrivals;
        departures += its_departures;
    }
    assert!((1..=3).contains(&arrivals), "{arrivals}");
    assert_eq!(arrivals, departures);
    end(&third);
    assert!(identities.is_empty(), "nobody is left in the index");
}

/// A connection is in a room only while it is another person.
fn person_changes_around_a_room() {
    let (hub, identities) = endpoint_with(IdentityOverflow::Refuse, 3);
    let live = enter(&hub);
    hub.identify(&live, Identity::new("one")).expect("three are allowed");
    let changing = thread::spawn({
        let (hub, live) = (hub.clone(), live.clone());
        move || {
            hub.identify(&live, Identity::new("other")).expect("three are allowed");
            hub.join(live.id, "room");
            hub.leave_room(live.id, "room");
            hub.identify(&live, Identity::new("one")).expect("three are allowed");
        }
    });
    let one = Audience::of_identity(identities, Identity::new("one")).to("room");
    assert_eq!((one.count(), one.sync_broadcast("secret").queued), (0, 0));
    changing.join().expect("the thread ends");
    end(&live);
}

#[test]
fn message_for_a_person_in_a_room_reaches_nobody_else_in_races() {
    check_random(person_changes_around_a_room, 3000);
    check_pct(person_changes_around_a_room, 3000, 3);
}

#[test]
fn person_leaves_a_room_as_often_as_it_has_come() {
    check_random(people_come_and_go, 3000);
    check_pct(people_come_and_go, 3000, 3);
}

fn one_session_at_a_time(overflow: IdentityOverflow) {
    let (hub, identities) = endpoint_with(overflow, 1);
    let tabs = [enter(&hub), enter(&hub)];
    let identifying = tabs.clone().map(|tab| {
        let hub = hub.clone();
        thread::spawn(move || hub.identify(&tab, Identity::new("one")).is_ok())
    });
    let kicking = thread::spawn({
        let one = Audience::of_identity(identities.clone(), Identity::new("one"));
        move || {
            assert!(one.count() <= 1, "there is one at most");
            one.sync_broadcast("to the one").queued
        }
    });
    let accepted = identifying
        .map(|tab| tab.join().expect("it ends"))
        .iter()
        .filter(|accepted| **accepted)
        .count();
    assert!(kicking.join().expect("it ends") <= 1);
    let open = tabs.iter().filter(|tab| tab.mailbox.is_open()).count();
    let identified = Audience::of_identity(identities.clone(), Identity::new("one")).count();
    match overflow {
        // The other one stays open until its connector closes it.
        IdentityOverflow::Refuse => assert_eq!((accepted, open, identified), (1, 2, 1)),
        IdentityOverflow::CloseOldest => assert_eq!((accepted, open, identified), (2, 1, 1)),
    }
    tabs.iter().for_each(end);
    assert!(identities.is_empty(), "nobody is left in the index");
}

#[test]
fn of_two_that_come_at_once_as_one_person_one_stays() {
    for overflow in [IdentityOverflow::Refuse, IdentityOverflow::CloseOldest] {
        check_random(move || one_session_at_a_time(overflow), 3000);
        check_pct(move || one_session_at_a_time(overflow), 3000, 3);
    }
}
