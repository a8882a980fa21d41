//! Connections that join, are broadcast to, and leave at the same time, in many interleavings: the hub is empty afterwards,
//! and a room is never joined by who has left.

use std::sync::{Arc, LazyLock};

use shuttle::{check_pct, check_random, thread};
use tokio::runtime::{Builder, Runtime};

use super::{
    endpoint::{EndpointHub, Joined},
    live::{Live, RunningHandler},
    sweep::Alarm,
};
use crate::{Audience, ConnectionId, close::Ending, hub::reference::EndpointRef, limits::Bounds, mailbox::Mailbox};

/// Whose connections these are. Nobody writes here, so it has nothing to do.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without a driver")
});

fn enter(hub: &Arc<EndpointHub>) -> Arc<Live> {
    let runtime = RUNTIME.handle().clone();
    let live = Arc::new(Live {
        id: ConnectionId::random(),
        mailbox: Mailbox::new(Arc::new(Bounds::default())),
        request: Arc::default(),
        endpoint: hub.clone(),
        courier: hub.courier(runtime),
        running: RunningHandler::default(),
        alarm: Alarm::default(),
    });
    live.mailbox.greet(None);
    hub.enter(live.clone());
    live
}

fn everybody_comes_and_goes() {
    let hub = Arc::new(EndpointHub::new("/races", Arc::default()));
    let (one, other) = (enter(&hub), enter(&hub));
    let joining = thread::spawn({
        let (hub, one) = (hub.clone(), one.clone());
        move || {
            let joined = hub.join(one.id, "room");
            assert!(
                joined == Joined::Yes || !one.mailbox.is_open(),
                "only who has left cannot join"
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
    assert!(!hub.leave_room(one.id, "room"), "who has left is in no room");
    other.close(Ending::shutdown());
    joining.join().expect("the joining thread ends");
    broadcasting.join().expect("the broadcasting thread ends");
    for live in [one, other] {
        live.mailbox.hang_up();
        hub.forget(live.id);
        hub.forget_rooms(live.id);
        assert!(hub.rooms_of(live.id).is_empty(), "nothing is kept of who has ended");
    }
    assert_eq!((hub.count(), hub.room_count(), hub.running().len()), (0, 0, 0));
}

#[test]
fn hub_is_empty_when_all_have_left_whatever_they_did_meanwhile() {
    check_random(everybody_comes_and_goes, 3000);
    check_pct(everybody_comes_and_goes, 3000, 3);
}
