//! Sub-routers: prefixes, nesting, scopes, and handlers of another crate.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, FIN, Server, TEXT, foreign::FOREIGN};

static LEAGUE: SubRouter = SubRouter::new("/sub/league");
static TEAM: SubRouter = SubRouter::new("/team");
static TENANT: SubRouter = SubRouter::new("/sub/tenants/{tenant}");
static FORGOTTEN: SubRouter = SubRouter::new("/sub/forgotten");

#[websocket("/chat", on = "connect", router = LEAGUE)]
#[websocket("/chat", on = "connect", router = TEAM)]
#[websocket("/sub/chat", on = "connect")]
fn ready() -> &'static str {
    "ready"
}

#[websocket("/chat", on = "message", router = LEAGUE)]
#[websocket("/chat", on = "message", router = TEAM)]
#[websocket("/sub/chat", on = "message")]
async fn chat(ws: WebSocketConnector, msg: String) -> String {
    format!("queued for {}", ws.async_broadcast(msg).await.queued)
}

async fn ready_client(server: &Server, path: &str) -> Client {
    let mut client = server.connect(path).await;
    client.expect_text("ready").await;
    client
}

#[tokio::test]
async fn handler_of_a_sub_router_is_served_behind_its_prefix_only() {
    let server = Server::start(App::new().include_router(&LEAGUE)).await;
    ready_client(&server, "/sub/league/chat").await;
    assert_eq!(server.refused("/chat").await.status, 404);
    assert_eq!(server.refused("/sub/league").await.status, 404);
}

#[tokio::test]
async fn sub_router_that_is_not_included_is_not_served() {
    let server = Server::start(App::new()).await;
    for path in ["/sub/league/chat", "/team/chat", "/sub/forgotten/here"] {
        assert_eq!(server.refused(path).await.status, 404);
    }
}

#[websocket("/here", on = "connect", router = FORGOTTEN)]
fn never_served() {}

#[tokio::test]
async fn sub_routers_nest() {
    let app = App::new().include_router(LEAGUE.include_router(&TEAM));
    let server = Server::start(app).await;
    ready_client(&server, "/sub/league/chat").await;
    ready_client(&server, "/sub/league/team/chat").await;
    assert_eq!(server.refused("/team/chat").await.status, 404);
    let paths: Vec<_> = server
        .hub()
        .paths()
        .filter(|path| path.starts_with("/sub/league"))
        .collect();
    assert_eq!(paths, ["/sub/league/chat", "/sub/league/team/chat"]);
}

#[tokio::test]
async fn broadcast_stays_in_its_endpoint_whatever_handler_it_shares() {
    let app = App::new().include_router(LEAGUE.include_router(&TEAM));
    let server = Server::start(app).await;
    let paths = ["/sub/chat", "/sub/league/chat", "/sub/league/team/chat"];
    let mut clients = Vec::new();
    for path in paths {
        clients.push(ready_client(&server, path).await);
    }
    for (client, path) in clients.iter_mut().zip(paths) {
        client.send(path).await;
        client.expect_texts(&[path, "queued for 1"]).await;
    }
}

// ---- under several prefixes ------------------------------------------------------------------------------------------------

#[tokio::test]
async fn sub_router_included_under_two_prefixes_is_two_scopes() {
    let app = App::new()
        .include_router(LEAGUE.include_router(&TEAM))
        .include_router(&TEAM);
    let server = Server::start(app).await;
    let mut nested = ready_client(&server, "/sub/league/team/chat").await;
    let mut direct = ready_client(&server, "/team/chat").await;
    nested.send("nested").await;
    nested.expect_texts(&["nested", "queued for 1"]).await;
    direct.send("direct").await;
    direct.expect_texts(&["direct", "queued for 1"]).await;
}

// ---- the prefix itself -------------------------------------------------------------------------------------------------------

#[websocket("/", on = "connect", router = TENANT)]
fn tenant(Path(tenant): Path<String>) -> String {
    format!("tenant {tenant}")
}

#[websocket("/rooms/{room}", on = "connect", router = TENANT)]
fn room(ws: &WebSocketConnector, Path((tenant, room)): Path<(String, u32)>) -> String {
    format!(
        "room {room} of {tenant}, {:?}",
        ws.path_params().iter().collect::<Vec<_>>()
    )
}

#[tokio::test]
async fn slash_is_the_prefix_itself() {
    let server = Server::start(App::new().include_router(&TENANT)).await;
    server
        .connect("/sub/tenants/acme")
        .await
        .expect_text("tenant acme")
        .await;
    assert_eq!(server.refused("/sub/tenants/acme/").await.status, 404);
}

#[tokio::test]
async fn prefix_may_have_parameters() {
    let server = Server::start(App::new().include_router(&TENANT)).await;
    let mut client = server.connect("/sub/tenants/acme/rooms/7").await;
    client
        .expect_text(r#"room 7 of acme, [("tenant", "acme"), ("room", "7")]"#)
        .await;
    server
        .refused("/sub/tenants/acme/rooms/seven")
        .await
        .expect(400, "seven");
}

#[tokio::test]
async fn parameters_of_the_path_do_not_divide_an_endpoint() {
    let server = Server::start(App::new().include_router(&TENANT)).await;
    let endpoint = server.hub().endpoint("/sub/tenants/{tenant}");
    let mut acme = server.connect("/sub/tenants/acme").await;
    let mut wayne = server.connect("/sub/tenants/wayne").await;
    acme.expect_text("tenant acme").await;
    wayne.expect_text("tenant wayne").await;
    assert_eq!(endpoint.sync_broadcast("to all tenants").queued, 2);
    acme.expect_text("to all tenants").await;
    wayne.expect_text("to all tenants").await;
}

// ---- limits ------------------------------------------------------------------------------------------------------------------

static NARROW: SubRouter = SubRouter::new("/sub/narrow");

#[websocket("/", on = "message", router = NARROW)]
#[websocket("/sub/wide", on = "message")]
fn length(msg: &[u8]) -> String {
    msg.len().to_string()
}

#[tokio::test]
async fn sub_router_narrows_the_limits_for_its_own_endpoints() {
    let app = App::new()
        .limits(Limits::default().max_message_size(100))
        .include_router(NARROW.limits(Limits::default().max_message_size(10)));
    let server = Server::start(app).await;

    let mut wide = server.raw("/sub/wide").await;
    wide.send(FIN | TEXT, "x".repeat(100)).await;
    wide.expect_text("100").await;
    wide.send(FIN | TEXT, "x".repeat(101)).await;
    wide.expect_close_code(1009).await;

    let mut narrow = server.raw("/sub/narrow").await;
    narrow.send(FIN | TEXT, "x".repeat(10)).await;
    narrow.expect_text("10").await;
    narrow.send(FIN | TEXT, "x".repeat(11)).await;
    narrow.expect_close_code(1009).await;
}

#[tokio::test]
async fn sub_router_without_limits_has_those_of_the_app() {
    let app = App::new()
        .limits(Limits::default().max_message_size(100))
        .include_router(&NARROW);
    let server = Server::start(app).await;
    let mut client = server.raw("/sub/narrow").await;
    client.send(FIN | TEXT, "x".repeat(101)).await;
    client.expect_close_code(1009).await;
}

// ---- another crate ---------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn handlers_in_another_crate_are_found_once_that_crate_is_referenced() {
    let server = Server::start(App::new().include_router(&FOREIGN)).await;
    let mut client = server.connect("/foreign/hello").await;
    client.expect_text("hello from another crate").await;
    client.send("hi").await;
    client.expect_texts(&["heard abroad", "HI"]).await;
    client.close(1000, "").await;
    client.expect_text("goodbye from another crate").await;
    client.expect_close(1000, "").await;
}
