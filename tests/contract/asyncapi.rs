//! The contract as AsyncAPI.

use std::{fs, path::Path};

use robyn_ws::contract::Info;
use robyn_ws_tests::node_with;
use serde_json::{Value, json};

use crate::app::contract;

fn document() -> Value {
    let info = Info::new("chat", "1.2.0")
        .description("Rooms to talk in.")
        .server("production", "wss://chat.example/live");
    serde_json::from_str(&contract().asyncapi(info).to_json()).expect("JSON")
}

/// Returns what a reference in the document refers to.
fn referred<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            found.extend(reference.map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn document_has_its_information_servers_and_channels() {
    let document = document();
    assert_eq!(document["asyncapi"], "3.1.0");
    assert_eq!(
        document["info"],
        json!({ "title": "chat", "version": "1.2.0", "description": "Rooms to talk in." })
    );
    assert_eq!(
        document["servers"]["production"],
        json!({ "host": "chat.example", "protocol": "wss", "pathname": "/live" })
    );
    let chat = &document["channels"]["chat_room"];
    assert_eq!(chat["address"], "/chat/{room}");
    assert!(chat["parameters"]["room"].is_object());
    assert_eq!(
        chat["bindings"]["ws"]["query"]["properties"]["page"]["format"],
        "uint32"
    );
    assert_eq!(chat["x-close-codes"]["1009"], "The message is too big.");
}

#[test]
fn all_references_are_to_something() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(referred(&document, &reference).is_some(), "{reference}");
    }
}

#[test]
fn server_receives_what_clients_send_and_calls_have_replies() {
    let document = document();
    let operations = document["operations"].as_object().expect("operations");
    let add = &operations["chat_room_calls_receive_add"];
    assert_eq!(
        (&add["action"], &add["description"]),
        (&json!("receive"), &json!("Adds two numbers."))
    );
    let answer = add["reply"]["messages"][0]["$ref"].as_str().expect("a reference");
    let payload = &referred(&document, answer).expect("a message")["payload"];
    assert_eq!(payload["oneOf"][0]["properties"]["result"]["format"], "int64");
    assert_eq!(operations["chat_room_calls_send_ask"]["action"], "send");
    assert_eq!(operations["chat_room_calls_send_joined"]["action"], "send");
}

#[test]
fn yaml_says_the_same_as_json() {
    let yaml = contract().asyncapi(Info::new("on: true\n\"x\"", "1.0")).to_yaml();
    assert!(yaml.starts_with("asyncapi: \"3.1.0\"\nchannels:\n"), "{yaml}");
    assert!(yaml.contains("title: \"on: true\\n\\\"x\\\"\"\n"), "{yaml}");
}

/// Parses a file of AsyncAPI by the official parser, and prints what that finds wrong.
const PARSER: &str = "
const { Parser } = require('@asyncapi/parser');
const text = require('fs').readFileSync(process.argv[1], 'utf8');
new Parser().parse(text).then(({ document, diagnostics }) => {
    diagnostics.forEach(({ path, message }) => console.log(path.join('/'), message));
    process.exit(document && diagnostics.length === 0 ? 0 : 1);
});
";

#[test]
fn official_parser_has_nothing_to_say_about_json_and_yaml() {
    let asyncapi = contract().asyncapi(Info::new("chat", "1.2.0").server("production", "wss://chat.example/live"));
    for (extension, text) in [("json", asyncapi.to_json()), ("yaml", asyncapi.to_yaml())] {
        let Some(mut node) = node_with("@asyncapi/parser") else {
            return;
        };
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("asyncapi-{}.{extension}", std::process::id()));
        fs::write(&file, text).expect("it is written");
        let output = node.args(["-e", PARSER]).arg(&file).output().expect("node can be run");
        fs::remove_file(file).expect("it is there");
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{extension}: {said}{failed}");
    }
}
