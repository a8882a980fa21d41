//! `to(room)` on everyone or on the others narrows to the rooms named.

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};

static NARROWING: SubRouter = SubRouter::new("/narrowing");

/// The message says who is meant.
#[websocket("/", on = "connect", router = NARROWING)]
fn enter(ws: &WebSocketConnector) -> String {
    if let Some(room) = ws.query_params().get("room") {
        ws.join(room);
    }
    ws.id().to_string()
}

#[websocket("/", on = "message", router = NARROWING)]
async fn say(ws: WebSocketConnector, msg: String) -> String {
    let audience = match msg.as_str() {
        "others in red" => ws.others().to("red"),
        "everyone in red" => ws.everyone().to("red"),
        "everyone in red or blue" => ws.everyone().to("red").to("blue").to("red"),
        "others in red or blue" => ws.others().to("red").to("blue"),
        "red but me" => ws.to("red").except(ws.id()),
        "except before to" => ws.everyone().except(ws.id()).to("red"),
        "others in an empty room" => ws.others().to("nobody"),
        "others" => ws.others(),
        other => panic!("unknown audience {other}"),
    };
    let count = audience.count();
    let sync = audience.sync_broadcast("now").queued;
    let waited = audience.async_broadcast("soon").await.queued;
    assert_eq!((sync, waited), (count, count), "{msg}");
    count.to_string()
}

async fn enter_room(app: &TestApp, room: &str) -> (TestSocket, ConnectionId) {
    let target = format!("/narrowing{room}");
    let mut socket = app.connect(&target).await.expect("the upgrade");
    let id = socket.receive_text().await.parse().expect("an id");
    (socket, id)
}

async fn expect_both(socket: &mut TestSocket) {
    assert_eq!(socket.receive_text().await, "now");
    assert_eq!(socket.receive_text().await, "soon");
}

#[tokio::test]
async fn room_named_on_everyone_or_others_narrows_to_it() {
    let app = TestApp::new(App::new().include_router(&NARROWING));
    let (mut me, _) = enter_room(&app, "?room=red").await;
    let (mut red, _) = enter_room(&app, "?room=red").await;
    let (mut blue, _) = enter_room(&app, "?room=blue").await;
    let (mut none, _) = enter_room(&app, "").await;
    for (audience, count, [to_me, to_red, to_blue, to_none]) in [
        ("others in red", 1, [false, true, false, false]),
        ("everyone in red", 2, [true, true, false, false]),
        ("everyone in red or blue", 3, [true, true, true, false]),
        ("others in red or blue", 2, [false, true, true, false]),
        ("red but me", 1, [false, true, false, false]),
        ("except before to", 1, [false, true, false, false]),
        ("others in an empty room", 0, [false; 4]),
        ("others", 3, [false, true, true, true]),
    ] {
        me.send_text(audience).await;
        if to_me {
            expect_both(&mut me).await;
        }
        assert_eq!(me.receive_text().await, count.to_string(), "{audience}");
        for (socket, reached) in [(&mut red, to_red), (&mut blue, to_blue), (&mut none, to_none)] {
            if reached {
                expect_both(socket).await;
            }
        }
    }
    // Nobody got what was not meant for it.
    assert_eq!(app.hub().endpoint("/narrowing").sync_broadcast("last").queued, 4);
    for socket in [&mut me, &mut red, &mut blue, &mut none] {
        assert_eq!(socket.receive_text().await, "last");
    }
}

#[tokio::test]
async fn room_named_on_everyone_of_the_hub_narrows_to_it() {
    let app = TestApp::new(App::new().include_router(&NARROWING));
    let (mut red, red_id) = enter_room(&app, "?room=red").await;
    let (mut blue, _) = enter_room(&app, "?room=blue").await;
    let (mut none, _) = enter_room(&app, "").await;
    let endpoint = app.hub().endpoint("/narrowing");
    assert_eq!(endpoint.everyone().to("red").sync_broadcast("red").queued, 1);
    assert_eq!(endpoint.everyone().to("red").to("blue").count(), 2);
    assert_eq!(
        endpoint
            .except(red_id)
            .to("red")
            .to("blue")
            .sync_broadcast("blue")
            .queued,
        1
    );
    assert_eq!(endpoint.everyone().sync_broadcast("all").queued, 3);
    assert_eq!(red.receive_text().await, "red");
    assert_eq!(blue.receive_text().await, "blue");
    for socket in [&mut red, &mut blue, &mut none] {
        assert_eq!(socket.receive_text().await, "all");
    }
}

#[tokio::test]
async fn exceptions_that_are_named_twice_or_not_there_are_not_counted() {
    let app = TestApp::new(App::new().include_router(&NARROWING));
    let (_red, red_id) = enter_room(&app, "?room=red").await;
    let (_blue, blue_id) = enter_room(&app, "?room=blue").await;
    let endpoint = app.hub().endpoint("/narrowing");
    let stranger: ConnectionId = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("an id");
    let all = endpoint.everyone().except(red_id).except(red_id).except(stranger);
    assert_eq!(all.count(), 1);
    assert_eq!(endpoint.to("red").except(blue_id).except(stranger).count(), 1);
    assert_eq!(endpoint.to("red").except(red_id).except(blue_id).count(), 0);
    assert_eq!(endpoint.to("red").to("blue").except(red_id).except(red_id).count(), 1);
    assert_eq!(all.sync_broadcast("one").queued, 1);
}
