//! `Params<T>`: what it reads, and the path that a mistake is named with.

use std::collections::HashMap;

use robyn_ws::prelude::*;
use robyn_ws_tests::Server;
use serde::Deserialize;

static READ: SubRouter = SubRouter::new("/parameters");

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    to: Address<'a>,
    items: Vec<Item>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Deserialize)]
struct Address<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Item {
    price: f64,
}

#[derive(Deserialize)]
struct Room(String);

#[derive(Deserialize)]
struct Page {
    #[serde(default = "first")]
    page: u32,
}

fn first() -> u32 {
    1
}

#[websocket("/", on = "call", method = "order", router = READ)]
fn order(Params(order): Params<Order<'_>>) -> String {
    let sum = order.items.iter().fold(0.0, |sum, item| sum + item.price);
    format!("{} {sum} {:?}", order.to.name, order.note)
}

/// The same, where the text is owned before its handler runs.
#[websocket("/", on = "call", method = "order_later", router = READ)]
async fn order_later(Params(order): Params<Order<'_>>) -> String {
    tokio::task::yield_now().await;
    order.to.name.to_owned()
}

#[websocket("/", on = "call", method = "text", router = READ)]
fn text(Params(text): Params<String>) -> String {
    text
}

#[websocket("/", on = "call", method = "room", router = READ)]
fn room(Params(Room(room)): Params<Room>) -> String {
    room
}

#[websocket("/", on = "call", method = "map", router = READ)]
fn map(Params(map): Params<HashMap<String, u8>>) -> usize {
    map.len()
}

#[websocket("/", on = "call", method = "list", router = READ)]
fn list(Params(list): Params<Vec<Vec<u8>>>) -> usize {
    list.len()
}

#[websocket("/", on = "call", method = "optional", router = READ)]
fn optional(params: Option<Params<u8>>) -> Option<u8> {
    params.map(|Params(number)| number)
}

#[websocket("/", on = "call", method = "optional_value", router = READ)]
fn optional_value(Params(number): Params<Option<u8>>) -> Option<u8> {
    number
}

#[websocket("/", on = "call", method = "page", router = READ)]
fn page(Params(Page { page }): Params<Page>) -> u32 {
    page
}

#[derive(Deserialize)]
struct Search {
    text: String,
    #[serde(default)]
    page: u32,
    #[serde(default)]
    language: Option<String>,
}

#[websocket("/", on = "call", method = "search", router = READ)]
fn search(Params(search): Params<Search>) -> String {
    format!("{} {} {:?}", search.text, search.page, search.language)
}

/// Only the last element is an `Option`, and has no default.
#[websocket("/", on = "call", method = "tuple", router = READ)]
fn tuple(Params((text, page)): Params<(String, Option<u32>)>) -> String {
    format!("{text} {page:?}")
}

#[websocket("/", on = "call", method = "decides", router = READ)]
fn decides(params: Result<Params<u8>, Rejection>) -> String {
    params.map_or_else(
        |rejection| rejection.reason().to_owned(),
        |Params(number)| number.to_string(),
    )
}

#[websocket("/", on = "call", method = "parts", router = READ)]
fn parts(raw: Raw<'_>) -> String {
    format!("{} {:?}", raw.0, raw.1)
}

/// An extractor of a user.
struct Raw<'a>(&'a str, Option<&'a str>);

impl<'a> FromEvent<'a, robyn_ws::event::Call> for Raw<'a> {
    fn from_event(cx: &mut robyn_ws::event::EventContext<'a, robyn_ws::event::Call>) -> Result<Self, Rejection> {
        Ok(Self(cx.method(), cx.params()))
    }
}

/// Calls `method` with parameters, or without. Returns the part of the answer between the version and the id.
async fn ask(calls: &[(&str, Option<&str>, &str)]) {
    let server = Server::start(App::new().include_router(&READ)).await;
    let mut client = server.connect("/parameters").await;
    for (method, params, answer) in calls {
        let params = params.map_or_else(String::new, |params| format!(r#","params":{params}"#));
        client
            .send(format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params},"id":1}}"#))
            .await;
        let text = client.text().await;
        let expected = format!(r#"{{"jsonrpc":"2.0",{answer},"id":1}}"#);
        assert_eq!(text, expected, "{method} {params}");
    }
}

#[tokio::test]
async fn types_are_read_by_name_by_position_and_as_the_only_one() {
    ask(&[
        (
            "order",
            Some(r#"{"items":[{"price":1.5}],"to":{"name":"Ann"}}"#),
            r#""result":"Ann 1.5 None""#,
        ),
        (
            "order",
            Some(r#"[["Bob"],[[2],{"price":3}]]"#),
            r#""result":"Bob 5 None""#,
        ),
        (
            "order",
            Some(r#"[["Bob"],[],"soon"]"#),
            r#""result":"Bob 0 Some(\"soon\")""#,
        ),
        (
            "order_later",
            Some(r#"{"to":{"name":"Cyd"},"items":[]}"#),
            r#""result":"Cyd""#,
        ),
        ("text", Some(r#"["hi"]"#), r#""result":"hi""#),
        ("room", Some(r#"["kitchen"]"#), r#""result":"kitchen""#),
        ("map", Some(r#"{"a":1,"b":2}"#), r#""result":2"#),
        ("list", Some("[[1],[2,3]]"), r#""result":2"#),
        ("optional", Some("[3]"), r#""result":3"#),
        ("optional_value", Some("[3]"), r#""result":3"#),
        ("page", Some(r#"{"page":3}"#), r#""result":3"#),
        ("page", Some("[4]"), r#""result":4"#),
    ])
    .await;
}

#[tokio::test]
async fn fields_with_a_default_can_be_left_out_at_the_end_and_elements_of_a_tuple_cannot() {
    let too_few = |seen, expected| {
        let why = format!("invalid length {seen}, expected {expected}");
        format!(r#""error":{{"code":-32602,"message":"Invalid params: {why}"}}"#)
    };
    ask(&[
        ("search", Some(r#"["cats"]"#), r#""result":"cats 0 None""#),
        ("search", Some(r#"["cats",2]"#), r#""result":"cats 2 None""#),
        (
            "search",
            Some(r#"["cats",2,"en"]"#),
            r#""result":"cats 2 Some(\"en\")""#,
        ),
        ("search", Some(r#"["cats",2,null]"#), r#""result":"cats 2 None""#),
        (
            "search",
            Some(r#"{"text":"cats","language":"en"}"#),
            r#""result":"cats 0 Some(\"en\")""#,
        ),
        (
            "search",
            Some("[]"),
            r#""error":{"code":-32602,"message":"Invalid params: there are none, missing field `text`"}"#,
        ),
        ("tuple", Some(r#"["cats",2]"#), r#""result":"cats Some(2)""#),
        ("tuple", Some(r#"["cats",null]"#), r#""result":"cats None""#),
        ("tuple", Some(r#"["cats"]"#), &too_few(1, "a tuple of size 2")),
    ])
    .await;
}

#[tokio::test]
async fn absent_parameters_are_those_that_the_type_takes() {
    for none in [None, Some("null")] {
        ask(&[
            ("map", none, r#""result":0"#),
            ("list", none, r#""result":0"#),
            ("optional", none, r#""result":null"#),
            ("optional_value", none, r#""result":null"#),
            ("page", none, r#""result":1"#),
            ("parts", none, r#""result":"parts None""#),
            (
                "order",
                none,
                r#""error":{"code":-32602,"message":"Invalid params: there are none, missing field `to`"}"#,
            ),
        ])
        .await;
    }
}

#[tokio::test]
async fn mistake_is_named_with_its_path() {
    let invalid = |why: &str| format!(r#""error":{{"code":-32602,"message":"Invalid params: {why}"}}"#);
    ask(&[
        (
            "order",
            Some(r#"{"to":{"name":"Ann"},"items":[{"price":1},{"price":"x"}]}"#),
            &invalid(r#"items[1].price: invalid type: string \"x\", expected f64"#),
        ),
        (
            "order",
            Some(r#"{"to":{},"items":[]}"#),
            &invalid("to: missing field `name`"),
        ),
        (
            "order_later",
            Some(r#"{"to":{"name":7},"items":[]}"#),
            &invalid("to.name: invalid type: integer `7`, expected a borrowed string"),
        ),
        (
            "order",
            Some(r#"[["Ann"]]"#),
            &invalid("invalid length 1, expected struct Order with 3 elements"),
        ),
        (
            "order",
            Some(r#"[["Ann"],[],null,1]"#),
            &invalid("4 parameters, expected 3"),
        ),
        (
            "text",
            Some("[5]"),
            &invalid("[0]: invalid type: integer `5`, expected a string"),
        ),
        (
            "list",
            Some("[[1],[-1]]"),
            &invalid("[1][0]: invalid value: integer `-1`, expected u8"),
        ),
        (
            "map",
            Some("[1]"),
            &invalid("[0]: invalid type: integer `1`, expected a map"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn handler_can_decide_about_a_mistake_and_read_the_parts_itself() {
    ask(&[
        ("decides", Some("[7]"), r#""result":"7""#),
        (
            "decides",
            Some(r#"["x"]"#),
            r#""result":"[0]: invalid type: string \"x\", expected u8""#,
        ),
        (
            "parts",
            Some(r#"{ "a" : [1] }"#),
            r#""result":"parts Some(\"{ \\\"a\\\" : [1] }\")""#,
        ),
    ])
    .await;
}
