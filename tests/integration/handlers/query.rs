//! Query and path parameters.

use robyn_ws::{axum::Router, prelude::*};
use robyn_ws_tests::Server;
use serde::Deserialize;

// ---- untyped ------------------------------------------------------------------------------------------------------------

/// The message is the name of a parameter.
#[websocket("/query/get", on = "message")]
fn get(ws: &WebSocketConnector, msg: &str) -> String {
    let params = ws.query_params();
    let all: Vec<_> = params.get_all(msg).collect();
    format!("{:?} {all:?}", params.get(msg))
}

#[tokio::test]
async fn query_parameters_are_percent_and_plus_decoded() {
    let server = Server::start(App::new()).await;
    for (query, name, expected) in [
        ("a=1&b=2", "b", r#"Some("2") ["2"]"#),
        ("a=x%20y", "a", r#"Some("x y") ["x y"]"#),
        ("a=x+y", "a", r#"Some("x y") ["x y"]"#),
        ("a=x%2By", "a", r#"Some("x+y") ["x+y"]"#),
        ("a=%E8%9D%99", "a", r#"Some("蝙") ["蝙"]"#),
        ("%67=k", "g", r#"Some("k") ["k"]"#),
        ("a+b=1", "a b", r#"Some("1") ["1"]"#),
        ("a=%ff", "a", "Some(\"\u{FFFD}\") [\"\u{FFFD}\"]"),
        ("a=%zz&b=%", "a", r#"Some("%zz") ["%zz"]"#),
        ("a=b=c", "a", r#"Some("b=c") ["b=c"]"#),
    ] {
        let mut client = server.connect(&format!("/query/get?{query}")).await;
        client.ask(name, expected).await;
    }
}

#[tokio::test]
async fn last_value_wins_and_get_all_has_them_in_order() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/query/get?a=1&b=x&a=2&a=3").await;
    client.ask("a", r#"Some("3") ["1", "2", "3"]"#).await;
}

#[tokio::test]
async fn parameter_without_a_value_is_empty_and_a_missing_one_is_none() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/query/get?e&f=&=v").await;
    client.ask("e", r#"Some("") [""]"#).await;
    client.ask("f", r#"Some("") [""]"#).await;
    client.ask("", r#"Some("v") ["v"]"#).await;
    client.ask("missing", "None []").await;

    let mut client = server.connect("/query/get").await;
    client.ask("a", "None []").await;
}

#[websocket("/query/iter", on = "connect")]
fn iterate(ws: WebSocketConnector) -> String {
    let params = ws.query_params();
    format!(
        "{} {} {:?}",
        params.len(),
        params.is_empty(),
        params.iter().collect::<Vec<_>>()
    )
}

#[tokio::test]
async fn query_parameters_iterate_in_the_order_of_the_query() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/query/iter?b=1&a=2&b=3").await;
    client
        .expect_text(r#"3 false [("b", "1"), ("a", "2"), ("b", "3")]"#)
        .await;
    server.connect("/query/iter").await.expect_text("0 true []").await;
}

/// The seed's snippet.
#[websocket("/query/gordon", on = "message")]
async fn login(ws: WebSocketConnector) -> &'static str {
    let params = ws.query_params();
    if params.get("name") == Some("gordon") && params.get("desg") == Some("commissioner") {
        ws.sync_broadcast("Gordon authorized to login!");
    }
    ""
}

#[tokio::test]
async fn handler_decides_by_the_query_of_its_own_connection() {
    let server = Server::start(App::new()).await;
    let mut stranger = server.connect("/query/gordon?name=joker").await;
    stranger.ask("hi", "").await;
    let mut gordon = server.connect("/query/gordon?name=%67ordon&desg=commissioner").await;
    gordon.send("hi").await;
    gordon.expect_texts(&["Gordon authorized to login!", ""]).await;
    stranger.expect_text("Gordon authorized to login!").await;
    stranger.ask("hi", "").await;
}

// ---- typed, checked before the 101 ------------------------------------------------------------------------------------------

#[derive(Debug, Deserialize)]
struct Paging {
    room: String,
    page: u32,
    #[serde(default)]
    size: Option<u8>,
}

#[websocket("/query/typed", on = "message")]
fn typed(Query(paging): Query<Paging>) -> String {
    format!("{} {} {:?}", paging.room, paging.page, paging.size)
}

#[websocket("/query/typed_close", on = "close")]
fn typed_in_close(Query(paging): Query<Paging>) -> String {
    format!("{} {} {:?}", paging.room, paging.page, paging.size)
}

#[websocket("/query/typed_session")]
async fn typed_in_session(mut socket: WebSocket, Query(paging): Query<Paging>) -> Result<(), Disconnected> {
    socket
        .send_text(format!("{} {} {:?}", paging.room, paging.page, paging.size))
        .await
}

#[tokio::test]
async fn typed_query_is_decoded() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/query/typed?page=3&room=a+b%21").await;
    client.ask("hi", "a b! 3 None").await;
    let mut client = server.connect("/query/typed?page=3&room=x&size=9&more=1").await;
    client.ask("hi", "x 3 Some(9)").await;
}

#[tokio::test]
async fn bad_query_parameter_is_400_that_names_it_whichever_handler_wants_it() {
    let server = Server::start(App::new()).await;
    for path in ["/query/typed", "/query/typed_close", "/query/typed_session"] {
        for (query, name) in [
            ("?room=x&page=zzz", "page"),
            ("?room=x&page=-1", "page"),
            ("?room=x", "page"),
            ("?page=1", "room"),
            ("", "room"),
            ("?room=x&page=1&size=256", "size"),
        ] {
            server.refused(&format!("{path}{query}")).await.expect(400, name);
        }
    }
    assert_eq!(server.hub().count(), 0);
}

#[websocket("/query/page/{page}", on = "message")]
fn page(Path(page): Path<u32>) -> String {
    page.to_string()
}

#[websocket("/query/named/{room}/{page}", on = "close")]
fn room_and_page(Path((room, page)): Path<(String, u32)>) -> String {
    format!("{room} {page}")
}

#[tokio::test]
async fn typed_path_is_decoded() {
    let server = Server::start(App::new()).await;
    server.connect("/query/page/42").await.ask("hi", "42").await;
    let mut client = server.connect("/query/named/a%20b%2Fc/7").await;
    client.close(1000, "").await;
    client.expect_text("a b/c 7").await;
    client.expect_close(1000, "").await;
}

#[derive(Deserialize)]
struct NamedPath {
    page: u32,
}

#[websocket("/query/struct/{page}", on = "connect")]
fn struct_page(Path(path): Path<NamedPath>) -> String {
    path.page.to_string()
}

#[tokio::test]
async fn bad_path_parameter_is_400_that_says_which() {
    let server = Server::start(App::new()).await;
    server.connect("/query/struct/9").await.expect_text("9").await;
    server.refused("/query/struct/nine").await.expect(400, "page");
    server
        .refused("/query/page/forty")
        .await
        .expect(400, "page: Cannot parse `forty`");
    server.refused("/query/named/x/seven").await.expect(400, "seven");
    server.refused("/query/page/%ff").await.expect(400, "UTF-8");
    assert_eq!(server.hub().count(), 0);
}

// ---- untyped path ---------------------------------------------------------------------------------------------------------------

#[websocket("/query/{room}/files/{*rest}", on = "connect")]
fn files(ws: WebSocketConnector) -> String {
    let params = ws.path_params();
    format!(
        "{:?} {:?} {:?}",
        params.get("room"),
        params.get("rest"),
        params.get("none")
    )
}

#[tokio::test]
async fn path_parameters_are_available_by_name() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/query/red%20room/files/a/b.txt").await;
    client.expect_text(r#"Some("red room") Some("a/b.txt") None"#).await;
}

#[tokio::test]
async fn path_and_query_work_below_a_nested_router() {
    let nest = |router| Router::new().nest("/api/{version}", router);
    let server = Server::start_with(App::new(), nest).await;
    let mut client = server.connect("/api/v1/query/struct/5").await;
    client.expect_text("5").await;
    let mut client = server.connect("/api/v1/query/typed?room=x&page=2").await;
    client.ask("hi", "x 2 None").await;
    let mut client = server.connect("/api/v1/query/red/files/a").await;
    client.expect_text(r#"Some("red") Some("a") None"#).await;
    server.refused("/api/v1/query/typed?room=x").await.expect(400, "page");
}
