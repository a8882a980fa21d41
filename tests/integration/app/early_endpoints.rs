//! Endpoints that are asked for before the app is built, or that do not exist.

use robyn_ws::{Counters, prelude::*, test_util::TestApp};

static EARLY: SubRouter = SubRouter::new("/early");

#[websocket("/", on = "connect", router = EARLY)]
fn enter(ws: &WebSocketConnector) -> String {
    ws.join("red");
    ws.id().to_string()
}

#[tokio::test]
async fn endpoint_and_audience_taken_before_the_app_is_built_find_it_when_they_are_used() {
    let app = App::new().include_router(&EARLY);
    let endpoint = app.hub().endpoint("/early");
    let clone = endpoint.clone();
    let audiences = [
        endpoint.everyone(),
        endpoint.to("red"),
        endpoint.everyone().to("red").clone(),
    ];
    // Used too early, they find nobody, and that is not for ever.
    assert_eq!((endpoint.count(), endpoint.room_count(), clone.ids().len()), (0, 0, 0));
    assert_eq!(endpoint.sync_broadcast("too early").queued, 0);
    assert_eq!(audiences[1].async_broadcast("too early").await.queued, 0);

    let app = TestApp::new(app);
    let mut client = app.connect("/early").await.expect("the upgrade");
    let id: ConnectionId = client.receive_text().await.parse().expect("an id");
    assert_eq!((endpoint.count(), endpoint.room_count()), (1, 1));
    assert_eq!(clone.ids(), [id]);
    for audience in &audiences {
        assert_eq!(audience.count(), 1);
        assert_eq!(audience.sync_broadcast("now").queued, 1);
        assert_eq!(audience.async_broadcast("soon").await.queued, 1);
        assert_eq!(client.receive_text().await, "now");
        assert_eq!(client.receive_text().await, "soon");
    }
    assert_eq!(endpoint.except(id).count(), 0);
    assert_eq!(endpoint.sync_send_to(id, "to you"), Ok(()));
    assert_eq!(clone.async_send_to(id, "to you too").await, Ok(()));
    assert_eq!(client.receive_text().await, "to you");
    assert_eq!(client.receive_text().await, "to you too");
    // The greeting, three broadcasts of each kind, and two messages.
    assert_eq!(endpoint.counters().frames_encoded, 9);
    endpoint.close_with(id, 4000, "").expect("it is there");
    client.expect_close(4000).await;
}

#[tokio::test]
async fn unknown_endpoint_is_empty_and_says_nothing_of_others() {
    let app = TestApp::new(App::new().include_router(&EARLY));
    let mut client = app.connect("/early").await.expect("the upgrade");
    let id: ConnectionId = client.receive_text().await.parse().expect("an id");
    let (one, other) = (app.hub().endpoint("/early/nowhere"), app.hub().endpoint("early"));
    assert_eq!(one.sync_broadcast("hello").queued, 0);
    assert_eq!(one.to("red").async_broadcast("hello").await.queued, 0);
    assert_eq!((other.count(), other.room_count(), other.ids().len()), (0, 0, 0));
    assert_eq!(other.sync_send_to(id, "hello"), Err(SendError::NotConnected));
    assert_eq!(other.close_with(id, 1000, ""), Err(SendError::NotConnected));
    assert_eq!(
        (one.counters(), other.counters()),
        (Counters::default(), Counters::default())
    );
}
