//! The hub: the connections, for code outside handlers.

use robyn_ws::{
    axum::{Extension as Layer, Router, extract::Path as HttpPath, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Client, Request, Server};

#[websocket("/hub", on = "connect")]
fn connect(ws: WebSocketConnector) -> String {
    if let Some(room) = ws.query_params().get("room") {
        ws.join(room);
    }
    ws.id().to_string()
}

/// Connects a client and gives its id.
async fn client(server: &Server, target: &str) -> (Client, ConnectionId) {
    let mut client = server.connect(target).await;
    let id = client.text().await.parse().expect("the greeting is the id");
    (client, id)
}

#[tokio::test]
async fn hub_sends_to_one_connection() {
    let server = Server::start(App::new()).await;
    let endpoint = server.hub().endpoint("/hub");
    let (mut one, id) = client(&server, "/hub").await;
    assert_eq!(endpoint.sync_send_to(id, "sync"), Ok(()));
    assert_eq!(endpoint.async_send_to(id, b"async").await, Ok(()));
    one.expect_text("sync").await;
    one.expect(b"async").await;
    one.leave().await;
    assert_eq!(endpoint.sync_send_to(id, "sync"), Err(SendError::NotConnected));
    assert_eq!(endpoint.async_send_to(id, "async").await, Err(SendError::NotConnected));
}

#[tokio::test]
async fn hub_broadcasts_to_everyone_to_rooms_and_with_exceptions() {
    let server = Server::start(App::new()).await;
    let endpoint = server.hub().endpoint("/hub");
    let (mut red, red_id) = client(&server, "/hub?room=red").await;
    let (mut blue, _) = client(&server, "/hub?room=blue").await;
    let (mut none, none_id) = client(&server, "/hub").await;

    assert_eq!(endpoint.sync_broadcast("everyone").queued, 3);
    assert_eq!(endpoint.async_broadcast("everyone again").await.queued, 3);
    assert_eq!(endpoint.to("red").sync_broadcast("red").queued, 1);
    assert_eq!(endpoint.to("red").to("blue").async_broadcast("both").await.queued, 2);
    assert_eq!(endpoint.except(red_id).sync_broadcast("not red").queued, 2);
    assert_eq!(endpoint.everyone().except(none_id).except(red_id).count(), 1);

    red.expect_texts(&["everyone", "everyone again", "red", "both"]).await;
    blue.expect_texts(&["everyone", "everyone again", "both", "not red"])
        .await;
    none.expect_texts(&["everyone", "everyone again", "not red"]).await;
}

#[tokio::test]
async fn hub_counts_and_lists_its_connections() {
    let server = Server::start(App::new()).await;
    let endpoint = server.hub().endpoint("/hub");
    assert_eq!((endpoint.count(), endpoint.ids()), (0, vec![]));
    let (one, id) = client(&server, "/hub?room=red").await;
    assert_eq!((endpoint.count(), endpoint.ids()), (1, vec![id]));
    assert_eq!((server.hub().count(), endpoint.room_count()), (1, 1));
    let (two, second) = client(&server, "/hub?room=red").await;
    let mut both = endpoint.ids();
    both.sort();
    let mut expected = vec![id, second];
    expected.sort();
    assert_eq!(both, expected);
    assert_eq!((endpoint.to("red").count(), endpoint.room_count()), (2, 1));
    one.leave().await;
    assert_eq!(endpoint.ids(), [second]);
    two.leave().await;
    assert_eq!(
        (server.hub().count(), endpoint.count(), endpoint.room_count()),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn unknown_endpoint_has_no_connections() {
    let server = Server::start(App::new()).await;
    let (_client, id) = client(&server, "/hub").await;
    let nowhere = server.hub().endpoint("/nowhere");
    assert_eq!((nowhere.count(), nowhere.sync_broadcast("hello").queued), (0, 0));
    assert_eq!(nowhere.sync_send_to(id, "hello"), Err(SendError::NotConnected));
}

#[tokio::test]
async fn hub_taken_before_the_app_is_built_is_the_apps_hub() {
    let app = App::new();
    let hub = app.hub();
    assert_eq!((hub.count(), hub.paths().count()), (0, 0));
    let server = Server::start(app).await;
    let (mut one, _) = client(&server, "/hub").await;
    assert_eq!(hub.count(), 1);
    assert!(hub.paths().any(|path| path == "/hub"));
    hub.endpoint("/hub").sync_broadcast("hello");
    one.expect_text("hello").await;
}

#[websocket("/hub_in_handler", on = "message")]
async fn through_the_hub(hub: Hub, msg: String) -> String {
    let delivery = hub.endpoint("/hub").async_broadcast(msg).await;
    format!("queued for {}", delivery.queued)
}

#[tokio::test]
async fn handler_reaches_other_endpoints_through_the_hub() {
    let server = Server::start(App::new()).await;
    let (mut other, _) = client(&server, "/hub").await;
    let mut sender = server.connect("/hub_in_handler").await;
    sender.ask("across", "queued for 1").await;
    other.expect_text("across").await;
}

// ---- as an extractor of axum's -------------------------------------------------------------------------------------------

async fn publish(hub: Hub, HttpPath(news): HttpPath<String>) -> String {
    let delivery = hub.endpoint("/hub").sync_broadcast(news);
    format!("sent to {}", delivery.queued)
}

async fn expect_published(server: &Server) {
    let (mut one, _) = client(server, "/hub").await;
    Request::get("/publish/news")
        .answer(server)
        .await
        .expect(200, "sent to 1");
    one.expect_text("news").await;
}

#[tokio::test]
async fn http_handler_given_to_the_app_takes_the_hub() {
    let app = App::new().http(Router::new().route("/publish/{news}", get(publish)));
    expect_published(&Server::start(app).await).await;
}

#[tokio::test]
async fn http_handler_behind_an_extension_takes_the_hub() {
    let app = App::new();
    let layer = Layer(app.hub());
    let routes = Router::new().route("/publish/{news}", get(publish)).layer(layer);
    let server = Server::start_with(app, |router| router.merge(routes)).await;
    expect_published(&server).await;
}

#[tokio::test]
async fn http_handler_of_a_router_with_the_hub_as_its_state_takes_the_hub() {
    let app = App::new();
    let routes = Router::new()
        .route("/publish/{news}", get(publish))
        .with_state(app.hub());
    let server = Server::start_with(app, |router| router.merge(routes)).await;
    expect_published(&server).await;
}

#[tokio::test]
async fn http_handler_without_the_hub_is_told_how_to_get_it() {
    let routes = Router::new().route("/publish/{news}", get(publish));
    let server = Server::start_with(App::new(), |router| router.merge(routes)).await;
    let response = Request::get("/publish/news").answer(&server).await;
    response.expect(500, "this route has no `Hub`: pass it to `App::http`");
}
