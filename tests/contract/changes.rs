//! Which changes break clients of before, in both directions.

use robyn_ws::contract::Contract;
use serde_json::{Value, json};

/// Returns the contract of one endpoint.
fn with(endpoint: Value, types: Value) -> Contract {
    let mut whole = json!({
        "closeCodes": { "1000": "closed" },
        "limits": { "maxMessageSize": 1000 },
    });
    let object = whole.as_object_mut().expect("an object");
    object.extend(endpoint.as_object().expect("an object").clone());
    let text = json!({ "robyn-ws-contract": 1, "endpoints": { "/chat": whole }, "types": types });
    text.to_string().parse().expect("a contract")
}

fn breaks(old: Value, new: Value) -> Vec<String> {
    let (old, new) = (with(old, json!({})), with(new, json!({})));
    new.breaks(&old).iter().map(ToString::to_string).collect()
}

/// The schemas of a value before and after a change, and what the change breaks: clients that send, and clients that read.
struct Case {
    name: &'static str,
    old: Value,
    new: Value,
    senders: Option<&'static str>,
    readers: Option<&'static str>,
}

fn case(
    name: &'static str,
    (old, new): (Value, Value),
    senders: Option<&'static str>,
    readers: Option<&'static str>,
) -> Case {
    Case {
        name,
        old,
        new,
        senders,
        readers,
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn tagged(tags: &[&str]) -> Value {
    let variants: Vec<_> = tags
        .iter()
        .map(|tag| {
            object(
                json!({ "kind": { "const": tag }, "text": { "type": "string" } }),
                &["kind", "text"],
            )
        })
        .collect();
    json!({ "oneOf": variants })
}

/// The table of changes.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn table() -> Vec<Case> {
    let text = || json!({ "type": "string" });
    let int = |format: &str| json!({ "type": "integer", "format": format });
    let a = || object(json!({ "a": text() }), &["a"]);
    vec![
        case("nothing", (a(), a()), None, None),
        case(
            "a property is required that was not there",
            (a(), object(json!({ "a": text(), "b": text() }), &["a", "b"])),
            Some("b: is new and required"),
            None,
        ),
        case(
            "a property may be there that was not",
            (a(), object(json!({ "a": text(), "b": text() }), &["a"])),
            None,
            None,
        ),
        case(
            "a required property is gone",
            (object(json!({ "a": text(), "b": text() }), &["a", "b"]), a()),
            None,
            Some("b: is gone"),
        ),
        case(
            "an optional property is required",
            (object(json!({ "a": text() }), &[]), a()),
            Some("a: is required now"),
            None,
        ),
        case(
            "a required property is optional",
            (a(), object(json!({ "a": text() }), &[])),
            None,
            Some("a: may be absent now"),
        ),
        case(
            "unknown properties are refused",
            (object(json!({ "a": text(), "b": text() }), &[]), {
                let mut closed = object(json!({ "a": text() }), &[]);
                closed["additionalProperties"] = json!(false);
                closed
            }),
            Some("b: is not taken any more"),
            None,
        ),
        case(
            "a variant more",
            (tagged(&["x"]), tagged(&["x", "y"])),
            None,
            Some("may be the variant `y` now"),
        ),
        case(
            "a variant less",
            (tagged(&["x", "y"]), tagged(&["x"])),
            Some("the variant `y` is not taken any more"),
            None,
        ),
        case(
            "a variant of another form",
            (tagged(&["x"]), {
                let mut changed = tagged(&["x"]);
                changed["oneOf"][0]["properties"]["text"] = json!({ "type": "boolean" });
                changed
            }),
            Some("text: string is not taken any more"),
            Some("text: may be boolean now"),
        ),
        case(
            "a value more of an enumeration",
            (json!({ "enum": ["a"] }), json!({ "enum": ["a", "b"] })),
            None,
            Some("may be `\"b\"` now"),
        ),
        case(
            "any text in place of an enumeration",
            (json!({ "enum": ["a"] }), text()),
            None,
            Some("may be other values than before"),
        ),
        case(
            "a wider number",
            (int("int32"), int("int64")),
            None,
            Some("may be integers from -9"),
        ),
        case(
            "an unsigned number",
            (int("int32"), int("uint32")),
            Some("takes only integers from 0"),
            Some("may be integers"),
        ),
        case(
            "a fraction",
            (int("int32"), json!({ "type": "number", "format": "double" })),
            None,
            Some("may be numbers now"),
        ),
        case(
            "null too",
            (text(), json!({ "type": ["string", "null"] })),
            None,
            Some("may be null now"),
        ),
        case(
            "another type",
            (text(), json!({ "type": "boolean" })),
            Some("string is not taken"),
            Some("may be boolean now"),
        ),
        case(
            "any value",
            (text(), json!({ "title": "Any" })),
            None,
            Some("may be any value now"),
        ),
        case(
            "items of another type",
            (
                json!({ "type": "array", "items": { "type": "string" } }),
                json!({ "type": "array", "items": { "type": "boolean" } }),
            ),
            Some("[]: string is not taken"),
            Some("[]: may be boolean"),
        ),
        case(
            "a longer tuple",
            (
                json!({ "type": "array", "prefixItems": [{ "type": "string" }], "minItems": 1, "maxItems": 1 }),
                json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "string" }], "minItems": 2, "maxItems": 2 }),
            ),
            Some("needs 2 items now"),
            Some("may have more than 1 items now"),
        ),
        case(
            "values of a map",
            (
                json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                json!({ "type": "object", "additionalProperties": { "type": "boolean" } }),
            ),
            Some("*: string is not taken"),
            Some("*: may be boolean"),
        ),
        case(
            "values of a map with numbers as keys",
            (
                json!({ "type": "object", "patternProperties": { "^\\d+$": { "type": "string" } }, "additionalProperties": false }),
                json!({ "type": "object", "patternProperties": { "^\\d+$": { "type": "boolean" } }, "additionalProperties": false }),
            ),
            Some("*: string is not taken"),
            Some("*: may be boolean"),
        ),
        case(
            "values that are documented",
            (
                json!({ "type": "string", "enum": ["a", "b"] }),
                json!({ "oneOf": [{ "const": "a", "description": "A" }, { "const": "b" }] }),
            ),
            None,
            None,
        ),
        case(
            "a new type around a text that may be null",
            (
                json!({ "type": ["string", "null"] }),
                json!({ "anyOf": [{ "type": "string", "description": "A name." }, { "type": "null" }] }),
            ),
            None,
            None,
        ),
        case(
            "numbers of an enumeration",
            (json!({ "enum": [1, 2] }), json!({ "type": "integer" })),
            None,
            Some("may be other values"),
        ),
        case(
            "a pattern",
            (text(), json!({ "type": "string", "pattern": "^a" })),
            Some("takes only texts of the pattern"),
            None,
        ),
    ]
}

fn expect(name: &str, place: &str, found: &[String], expected: Option<&str>) {
    match expected {
        None => assert!(found.is_empty(), "{name}, {place}: {found:?}"),
        Some(expected) => assert!(
            found.iter().any(|change| change.contains(expected)),
            "{name}, {place}: {found:?}, expected {expected}"
        ),
    }
}

#[test]
fn each_change_breaks_those_who_send_or_those_who_read() {
    for Case {
        name,
        old,
        new,
        senders,
        readers,
    } in table()
    {
        let both = |place: &str, wrap: &dyn Fn(&Value) -> Value, expected: Option<&str>| {
            expect(name, place, &breaks(wrap(&old), wrap(&new)), expected);
        };
        both(
            "receives",
            &|schema| json!({ "receives": [{ "json": schema }] }),
            senders,
        );
        both(
            "params",
            &|schema| json!({ "calls": { "say": { "params": schema } } }),
            senders,
        );
        both(
            "an answer of clients",
            &|schema| json!({ "serverCalls": { "ask": { "result": schema } } }),
            senders,
        );
        both("query", &|schema| json!({ "query": schema }), senders);
        both(
            "parameter",
            &|schema| json!({ "parameters": [{ "name": "room", "schema": schema }] }),
            senders,
        );
        both("sends", &|schema| json!({ "sends": [{ "json": schema }] }), readers);
        both(
            "result",
            &|schema| json!({ "calls": { "say": { "result": schema } } }),
            readers,
        );
        both(
            "a call of the server",
            &|schema| json!({ "serverCalls": { "ask": { "params": schema } } }),
            readers,
        );
        both(
            "notification",
            &|schema| json!({ "notifications": { "said": { "params": schema } } }),
            readers,
        );
    }
}

#[test]
fn each_change_of_an_endpoint_breaks_clients_in_one_direction() {
    let cases = [
        (
            "a call",
            json!({ "calls": { "say": {} } }),
            Some("call say: is gone"),
            None,
        ),
        (
            "a notification",
            json!({ "notifications": { "said": {} } }),
            Some("notification said: is not sent any more"),
            None,
        ),
        (
            "a call of the server",
            json!({ "serverCalls": { "ask": {} } }),
            None,
            Some("call of the server ask: is new"),
        ),
        (
            "a text to the server",
            json!({ "receives": ["text"] }),
            Some("a text is not taken any more"),
            None,
        ),
        (
            "a text to clients",
            json!({ "sends": ["text"] }),
            None,
            Some("may be a text now"),
        ),
        (
            "a binary message",
            json!({ "receives": ["binary"] }),
            Some("a binary message is not taken any more"),
            None,
        ),
        (
            "a close code",
            json!({ "closeCodes": { "1000": "", "4000": "" } }),
            None,
            Some("close code 4000: is new"),
        ),
        (
            "a subprotocol",
            json!({ "subprotocols": ["v1"] }),
            Some("subprotocol v1: is gone"),
            None,
        ),
        (
            "a larger limit",
            json!({ "limits": { "maxMessageSize": 2000 } }),
            Some("takes 1000 bytes now"),
            None,
        ),
        (
            "a limit of the rate",
            json!({ "limits": { "maxMessageSize": 1000, "maxMessagesPerSecond": 5 } }),
            None,
            Some("takes 5 messages per second now"),
        ),
    ];
    for (name, part, gone, new) in cases {
        expect(name, "gone", &breaks(part.clone(), json!({})), gone);
        expect(name, "new", &breaks(json!({}), part), new);
    }
}

#[test]
fn endpoint_that_is_gone_breaks_its_clients_and_a_new_one_nobody() {
    let empty: Contract = r#"{ "robyn-ws-contract": 1, "endpoints": {}, "types": {} }"#
        .parse()
        .expect("a contract");
    let one = with(json!({}), json!({}));
    let broken = empty.breaks(&one);
    assert_eq!(broken.len(), 1);
    assert_eq!(
        (broken[0].endpoint(), broken[0].what()),
        ("/chat", "the endpoint is gone: clients get 404")
    );
    assert_eq!(one.breaks(&empty), []);
}

#[test]
fn types_that_contain_themselves_are_compared() {
    let tree = |value: &str| {
        json!({ "Tree": object(
            json!({ "value": { "type": value }, "children": { "type": "array", "items": { "$ref": "#/types/Tree" } } }),
            &["value", "children"],
        ) })
    };
    let endpoint = || json!({ "receives": [{ "json": { "$ref": "#/types/Tree" } }] });
    let (old, new) = (with(endpoint(), tree("string")), with(endpoint(), tree("boolean")));
    assert_eq!(old.breaks(&old), []);
    let broken = new.breaks(&old);
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].place().ends_with("value"), "{broken:?}");
}

/// As schemars writes `#[serde(tag = "kind")] enum Event { Say(Say) }`.
fn newtype_variants(tags: &[(&str, &str)]) -> Value {
    let variants: Vec<_> = tags
        .iter()
        .map(|(tag, ty)| {
            json!({
                "type": "object",
                "properties": { "kind": { "const": tag } },
                "required": ["kind"],
                "$ref": format!("#/types/{ty}"),
            })
        })
        .collect();
    json!({ "oneOf": variants })
}

#[test]
fn variants_around_types_of_their_own_are_told_apart_by_their_tags() {
    let types = || json!({ "Say": object(json!({ "text": { "type": "string" } }), &["text"]) });
    let of = |tags: &[(&str, &str)]| with(json!({ "receives": [{ "json": newtype_variants(tags) }] }), types());
    let (say, speak) = (of(&[("say", "Say")]), of(&[("speak", "Say")]));
    assert_eq!(say.breaks(&say), []);
    let broken = speak.breaks(&say);
    assert!(
        broken
            .iter()
            .any(|change| change.what().contains("the variant `say` is not taken")),
        "{broken:?}"
    );
    let both = of(&[("say", "Say"), ("speak", "Say")]);
    assert_eq!(both.breaks(&say), []);
    assert!(!say.breaks(&both).is_empty());
}

#[test]
fn two_choices_of_one_object_are_both_compared() {
    let choice = |name: &str, values: [&str; 2]| {
        let of = |value: &str| object(json!({ name: { "const": value } }), &[name]);
        json!({ "oneOf": values.map(of) })
    };
    let of = |values| {
        let schema = json!({ "type": "object", "allOf": [choice("a", ["x", "y"]), choice("b", values)] });
        with(json!({ "receives": [{ "json": schema }] }), json!({}))
    };
    let old = of(["p", "q"]);
    assert_eq!(old.breaks(&old), []);
    assert!(!of(["p", "r"]).breaks(&old).is_empty());
}

#[test]
fn text_that_has_to_be_json_now_and_json_that_may_be_any_text_break() {
    let json_of = || json!([{ "json": { "type": "string" } }]);
    let found = breaks(json!({ "receives": ["text"] }), json!({ "receives": json_of() }));
    expect("JSON", "receives", &found, Some("a text is not taken any more"));
    let found = breaks(json!({ "sends": json_of() }), json!({ "sends": ["text"] }));
    expect("text", "sends", &found, Some("may be a text now"));
    for (old, new) in [("receives", "receives"), ("sends", "sends")] {
        let (text, json) = (json!(["text"]), json_of());
        let (before, now) = if old == "receives" { (json, text) } else { (text, json) };
        let found = breaks(json!({ old: before }), json!({ new: now }));
        expect("the other way round", old, &found, None);
    }
}

#[test]
fn new_name_of_a_type_breaks_nobody() {
    let types = |name: &str| json!({ name: object(json!({ "a": { "type": "string" } }), &["a"]) });
    let endpoint = |name: &str| json!({ "receives": [{ "json": { "$ref": format!("#/types/{name}") } }] });
    let (old, new) = (
        with(endpoint("Say"), types("Say")),
        with(endpoint("Tell"), types("Tell")),
    );
    assert_eq!(new.breaks(&old), []);
}
