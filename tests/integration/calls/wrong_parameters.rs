//! What -32602 says about parameters that are not those of the method.

use std::collections::HashMap;

use robyn_ws::prelude::*;
use robyn_ws_tests::Server;
use serde::Deserialize;
use serde_json::Value;

static WRONG: SubRouter = SubRouter::new("/wrong_parameters");

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads them")]
struct Order {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads it")]
struct Item {
    price: f64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads them")]
struct Say {
    room: String,
    text: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads it")]
enum Kind {
    A,
    B(u8),
    C { x: u8 },
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads it")]
struct Room(String);

#[derive(Deserialize)]
struct Unit;

#[derive(Deserialize)]
struct Empty {}

#[derive(Deserialize)]
struct Options {
    a: Option<i32>,
    b: Option<i32>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "nothing reads it")]
struct Deep(Vec<Deep>);

#[websocket("/", on = "call", method = "order", router = WRONG)]
fn order(_order: Params<Order>) {}

#[websocket("/", on = "call", method = "items", router = WRONG)]
fn items(_items: Params<Vec<Item>>) {}

#[websocket("/", on = "call", method = "say", router = WRONG)]
fn say(_say: Params<Say>) {}

#[websocket("/", on = "call", method = "kind", router = WRONG)]
fn kind(_kind: Params<Kind>) {}

#[websocket("/", on = "call", method = "pair", router = WRONG)]
fn pair(_pair: Params<(u8, u8)>) {}

#[websocket("/", on = "call", method = "pairs", router = WRONG)]
fn pairs(_pairs: Params<Vec<(u8, u8)>>) {}

#[websocket("/", on = "call", method = "text", router = WRONG)]
fn text(_text: Params<String>) {}

#[websocket("/", on = "call", method = "room", router = WRONG)]
fn room(_room: Params<Room>) {}

#[websocket("/", on = "call", method = "deep", router = WRONG)]
fn deep(_deep: Params<Deep>) {}

#[websocket("/", on = "call", method = "named", router = WRONG)]
fn named(_named: Params<HashMap<String, HashMap<String, u8>>>) {}

#[websocket("/", on = "call", method = "nothing", router = WRONG)]
fn nothing(_nothing: Params<()>) {}

#[websocket("/", on = "call", method = "unit", router = WRONG)]
fn unit(_unit: Params<Unit>) {}

#[websocket("/", on = "call", method = "empty", router = WRONG)]
fn empty(_empty: Params<Empty>) {}

#[websocket("/", on = "call", method = "option", router = WRONG)]
fn option(option: Params<Option<String>>) -> bool {
    option.0.is_none()
}

#[websocket("/", on = "call", method = "options", router = WRONG)]
fn options(Params(Options { a, b }): Params<Options>) -> bool {
    a.is_none() && b.is_none()
}

#[websocket("/", on = "call", method = "numbers", router = WRONG)]
fn numbers(numbers: Params<Vec<u8>>) -> usize {
    numbers.0.len()
}

/// Calls `method` with parameters, or without. Returns the answer.
async fn answer(method: &str, params: Option<&str>) -> Value {
    let server = Server::start(App::new().include_router(&WRONG)).await;
    let mut client = server.connect("/wrong_parameters").await;
    let params = params.map_or_else(String::new, |params| format!(r#","params":{params}"#));
    client
        .send(format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params},"id":1}}"#))
        .await;
    serde_json::from_str(&client.text().await).expect("an answer is JSON")
}

async fn refusals(expected: &[(&str, Option<&str>, &str)]) {
    for (method, params, why) in expected {
        let answer = answer(method, *params).await;
        let error = &answer["error"];
        assert_eq!(
            (error["code"].as_i64(), error["message"].as_str()),
            (Some(-32602), Some(&*format!("Invalid params: {why}"))),
            "{method} {params:?}: {answer}"
        );
    }
}

#[tokio::test]
async fn mistake_in_the_only_object_is_named_with_its_path() {
    refusals(&[
        (
            "order",
            Some(r#"[{"items":[{"price":1},{"price":"x"}]}]"#),
            r#"[0].items[1].price: invalid type: string "x", expected f64"#,
        ),
        (
            "order",
            Some(r#"[[{"price":1},{"price":"x"}]]"#),
            r#"[0][1].price: invalid type: string "x", expected f64"#,
        ),
        (
            "items",
            Some(r#"[{"price":"x"}]"#),
            r#"[0].price: invalid type: string "x", expected f64"#,
        ),
        (
            "say",
            Some(r#"[{"room":1}]"#),
            "[0].room: invalid type: integer `1`, expected a string",
        ),
        (
            "say",
            Some(r#"[{"room":"a","text":5}]"#),
            "[0].text: invalid type: integer `5`, expected a string",
        ),
        ("say", Some(r#"[{"room":"a"}]"#), "[0]: missing field `text`"),
        (
            "say",
            Some(r#"[1,"b"]"#),
            "[0]: invalid type: integer `1`, expected a string",
        ),
        ("pair", Some(r#"[{"a":1}]"#), "[0]: invalid type: map, expected u8"),
        ("pair", Some("[5]"), "invalid length 1, expected a tuple of size 2"),
    ])
    .await;
}

#[tokio::test]
async fn surplus_parameters_are_counted() {
    refusals(&[
        ("pair", Some("[1,2,3]"), "3 parameters, expected 2"),
        ("text", Some(r#"["a","b"]"#), "2 parameters, expected 1"),
        ("room", Some(r#"["a", "b" , "c"]"#), "3 parameters, expected 1"),
        ("say", Some(r#"["a","b",[1],{}]"#), "4 parameters, expected 2"),
        ("kind", Some(r#"["A",1]"#), "2 parameters, expected 1"),
        ("empty", Some("[1]"), "1 parameter, expected 0"),
        ("pairs", Some("[[1,2],[3,4,5]]"), "[1]: more elements than expected"),
    ])
    .await;
}

#[tokio::test]
async fn unknown_variants_are_named() {
    refusals(&[
        (
            "kind",
            Some(r#"["Z"]"#),
            "[0]: unknown variant `Z`, expected one of `A`, `B`, `C`",
        ),
        (
            "kind",
            Some(r#"[{"Z":1}]"#),
            "[0]: unknown variant `Z`, expected one of `A`, `B`, `C`",
        ),
        (
            "kind",
            Some(r#"{"C":{"x":"s"}}"#),
            r#"C.x: invalid type: string "s", expected u8"#,
        ),
    ])
    .await;
}

#[tokio::test]
async fn absent_parameters_are_not_called_a_map() {
    for none in [None, Some("null"), Some("[]"), Some("{ }"), Some("[ ]"), Some("{}")] {
        refusals(&[
            ("text", none, "there are none, expected a string"),
            ("room", none, "there are none, expected a string"),
            ("pair", none, "there are none, expected a tuple of size 2"),
            ("kind", none, "there are none, expected enum Kind"),
            ("say", none, "there are none, missing field `room`"),
        ])
        .await;
    }
}

#[tokio::test]
async fn long_path_leaves_room_for_the_reason() {
    let name = "a".repeat(2_000);
    let cases = [
        (
            "deep",
            format!("{}1{}", "[".repeat(100), "]".repeat(100)),
            "[0][0]",
            "expected",
        ),
        (
            "deep",
            format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)),
            "[0][0]",
            "recursion limit exceeded",
        ),
        (
            "named",
            format!(r#"{{"{name}":{{"b":"x"}}}}"#),
            "aaaa",
            r#"invalid type: string "x", expected u8"#,
        ),
        ("named", format!(r#"{{"é{name}é":{{"b":300}}}}"#), "éaaa", "expected u8"),
    ];
    for (method, params, path, why) in cases {
        let answer = answer(method, Some(&params)).await;
        let message = answer["error"]["message"].as_str().expect("a text");
        let told = message.strip_prefix("Invalid params: ").expect("the code is told");
        assert!(told.starts_with(path) && told.contains(why), "{message}");
        assert!(message.len() < 600, "{}", message.len());
    }
}

#[tokio::test]
async fn empty_parameters_are_taken_like_absent_ones() {
    for none in [None, Some("null"), Some("[]"), Some("{}"), Some("[ ]"), Some("{\n}")] {
        for (method, result) in [
            ("nothing", Value::Null),
            ("unit", Value::Null),
            ("empty", Value::Null),
            ("named", Value::Null),
            ("option", true.into()),
            ("options", true.into()),
            ("numbers", 0.into()),
        ] {
            let answer = answer(method, none).await;
            assert_eq!(answer.get("result"), Some(&result), "{method} {none:?}: {answer}");
        }
    }
}
