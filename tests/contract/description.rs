//! What the contract says of an app.

use serde_json::{Value, json};

use crate::app::{app, contract, json};

fn endpoint(path: &str) -> Value {
    let endpoint = json()["endpoints"][path].clone();
    assert!(endpoint.is_object(), "{path}");
    endpoint
}

#[test]
fn messages_are_known_by_the_types_of_the_handlers_also_behind_aliases_and_in_options() {
    let chat = endpoint("/chat/{room}");
    assert_eq!(chat["receives"], json!([{ "json": { "$ref": "#/types/Say" } }]));
    assert_eq!(
        chat["sends"],
        json!(["text", { "json": { "$ref": "#/types/Event" } }, { "json": { "title": "Unknown" } }]),
        "what `connect` and `message` return, and what `sends` says"
    );
    let bytes = endpoint("/chat/bytes");
    assert_eq!(
        (&bytes["receives"], &bytes["sends"]),
        (&json!(["binary"]), &json!(["binary"]))
    );
    let session = endpoint("/chat/session");
    let any = json!(["text", "binary"]);
    assert_eq!((&session["receives"], &session["sends"]), (&any, &any));
}

#[test]
fn calls_have_parameters_results_and_documentation_and_the_server_has_its_own() {
    let calls = endpoint("/chat/{room}/calls");
    let add = &calls["calls"]["add"];
    assert_eq!(add["docs"], "Adds two numbers.");
    assert_eq!(add["params"]["prefixItems"].as_array().map(Vec::len), Some(2));
    assert_eq!(add["result"]["format"], "int64");
    assert_eq!(
        calls["calls"]["profile"],
        json!({
            "params": { "$ref": "#/types/ProfileInput" },
            "result": { "anyOf": [{ "$ref": "#/types/Profile" }, { "type": "null" }] },
        })
    );
    assert_eq!(
        calls["notifications"],
        json!({ "joined": { "params": { "anyOf": [{ "type": "string" }, { "type": "boolean" }] } }, "tick": {} }),
        "of two handlers"
    );
    assert_eq!(
        calls["serverCalls"],
        json!({ "ask": { "params": { "$ref": "#/types/Profile" }, "result": { "type": "boolean" } } })
    );
}

#[test]
fn type_that_is_read_otherwise_than_it_is_written_has_two_schemas() {
    let types = json()["types"].clone();
    assert_eq!(types["ProfileInput"]["required"], json!(["name"]));
    assert_eq!(types["Profile"]["required"], json!(["name", "nickname"]));
}

#[test]
fn parameters_docs_codes_and_limits_are_there() {
    let chat = endpoint("/chat/{room}");
    assert_eq!(
        chat["parameters"],
        json!([{ "name": "room", "schema": { "type": "string" } }])
    );
    assert_eq!(chat["query"], json!({ "$ref": "#/types/Page" }));
    assert_eq!(chat["handlers"][0]["docs"], "Greets who comes.\n\nIn two paragraphs.");
    assert_eq!(chat["limits"], json!({ "maxMessageSize": 1000 }));
    for code in ["1000", "1009", "1011", "4401"] {
        assert!(chat["closeCodes"][code].is_string(), "{code}");
    }
}

#[test]
fn views_are_described_like_functions() {
    let counter = endpoint("/chat/counter");
    assert_eq!(
        counter["handlers"],
        json!([{ "event": "connect", "name": "Counter::connect", "docs": "Counts." }])
    );
    assert_eq!(counter["receives"], Value::Null);
    assert_eq!(
        counter["sends"],
        json!(["text", { "json": { "$ref": "#/types/Event" } }])
    );
    assert_eq!(counter["calls"]["sum"]["result"]["format"], "uint32");
}

#[test]
fn same_app_has_the_same_bytes_and_reads_them_again() {
    let text = contract().to_json();
    assert_eq!(text, app().contract().to_json());
    let read: robyn_ws::contract::Contract = text.parse().expect("a contract");
    assert_eq!(read, contract());
    assert_eq!(read.to_json(), text);
}

#[test]
fn text_that_is_no_contract_of_this_version_is_an_error_that_says_so() {
    let error = |text: &str| {
        text.parse::<robyn_ws::contract::Contract>()
            .expect_err("no contract")
            .to_string()
    };
    assert!(error("{}").contains("not the JSON of a contract"), "{}", error("{}"));
    let other = contract()
        .to_json()
        .replace("\"robyn-ws-contract\": 1", "\"robyn-ws-contract\": 9");
    assert!(error(&other).contains("version 9"), "{}", error(&other));
}

#[test]
fn app_takes_only_its_endpoints_into_the_contract() {
    let text = app().only(["/chat/bytes"]).contract().to_json();
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let paths: Vec<_> = json["endpoints"].as_object().expect("endpoints").keys().collect();
    assert_eq!(paths, ["/chat/bytes"]);
    assert_eq!(json["types"], json!({}), "no type that nobody refers to");
}

#[test]
fn page_for_people_shows_all_and_no_html_of_the_documentation() {
    let page = contract().markdown();
    for text in [
        "## `/chat/{room}`",
        "Greets who comes.",
        "| `add` |",
        "### `Event`",
        "| 4401 |",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
