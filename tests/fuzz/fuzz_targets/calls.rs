//! Proves that every text to an endpoint with `call` handlers is answered as JSON-RPC 2.0 says: each call once, in order, with
//! its id as it came; no notification; what is not JSON, or is not a call, with its error. No text ends the connection.
//!
//! An input is texts, separated by line feeds, which are sent one after the other.

#![no_main]

use std::{fmt, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use robyn_ws::{App, CallError, Limits, Params, WebSocketConnector, axum::Json, websocket};
use robyn_ws_fuzz::{Client, Seen, SharedApp, build, connect, run};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};
use tokio_tungstenite::tungstenite::Message;

const MAX_TEXTS: usize = 64;
const MAX_BATCH: usize = 5;
const MAX_UNANSWERED: usize = 3;
const MAX_ID: usize = 32;

/// A call after each text. Its answer shows that the text has no further one.
const MARK: &str = r#"{"jsonrpc":"2.0","method":"refuse","id":"mark"}"#;
const ANSWER_TO_MARK: &str = r#"{"jsonrpc":"2.0","error":{"code":7,"message":"no"},"id":"mark"}"#;

#[derive(Deserialize, Serialize)]
struct Say {
    text: String,
    #[serde(default)]
    number: Option<i8>,
}

#[websocket("/calls", on = "call", method = "echo")]
fn echo(Params(params): Params<Value>) -> Json<Value> {
    Json(params)
}

#[websocket("/calls", on = "call", method = "say")]
async fn say(Params(say): Params<Say>) -> Json<Say> {
    tokio::task::yield_now().await;
    Json(say)
}

#[websocket("/calls", on = "call", method = "refuse")]
fn refuse() -> Result<(), CallError> {
    Err(CallError::new(7, "no"))
}

/// Calls the client, which may answer later, or never.
#[websocket("/calls", on = "call", method = "ask")]
fn ask(ws: WebSocketConnector) {
    tokio::spawn(async move { ws.call::<Value>("sure", &()).await });
}

static APP: SharedApp = LazyLock::new(|| {
    let limits = Limits::default()
        .max_batched_calls(MAX_BATCH)
        .max_unanswered_calls(MAX_UNANSWERED)
        .max_call_id(MAX_ID);
    build(App::new().limits(limits))
});

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    run(&APP.hub, async {
        let raw = connect(&APP.router, b"/calls").await;
        let mut client = raw.expect("a valid handshake").client().await;
        for text in input.split('\n').take(MAX_TEXTS) {
            client.send(Message::text(text)).await;
            client.send(Message::text(MARK)).await;
            if let Some(expected) = Expected::to(text) {
                expected.check(&next(&mut client).await, text);
            }
            assert_eq!(next(&mut client).await, ANSWER_TO_MARK, "{text}");
        }
    });
});

/// Waits for the next message that is not a call of the server.
async fn next(client: &mut Client) -> String {
    loop {
        let Seen::Text(message) = client.see().await else {
            panic!("no text ends the connection")
        };
        if !message.starts_with(r#"{"jsonrpc":"2.0","method":"sure","params":[null],"id":"#) {
            return message;
        }
    }
}

// ---- the judge ----------------------------------------------------------------------------------------------------

/// What has to come back for a text.
enum Expected {
    One(Answer),
    Batch(Vec<Answer>),
}

/// An answer. Its id is JSON.
struct Answer {
    id: String,
    outcome: Outcome,
}

enum Outcome {
    /// This JSON.
    Result(String),
    /// A result, or an error about the parameters.
    OfHandler,
    Error(i64),
    /// A batch that is too long is not read to its end, so nobody knows whether it is JSON.
    TooLongOrMalformed,
}

impl Expected {
    /// Returns what has to come back for a text, if anything.
    fn to(text: &str) -> Option<Self> {
        let Ok(json) = serde_json::from_str::<&RawValue>(text) else {
            let is_long = text.matches(',').count() >= MAX_BATCH + MAX_UNANSWERED;
            let is_long_batch = is_long && text.trim_start().starts_with('[');
            return Some(Self::One(if is_long_batch {
                Answer::without_id(Outcome::TooLongOrMalformed)
            } else {
                Answer::without_id(Outcome::Error(-32700))
            }));
        };
        let Ok(batch) = serde_json::from_str::<Vec<&RawValue>>(json.get()) else {
            if json.get().starts_with('{') && members(json.get()).is_none() {
                return Some(Self::One(Answer::without_id(Outcome::Error(-32700))));
            }
            return Answer::to(json.get()).map(Self::One);
        };
        let answers = batch.iter().filter(|element| is_answer(element.get())).count();
        if batch.is_empty() || batch.len() - answers > MAX_BATCH || answers > MAX_UNANSWERED {
            return Some(Self::One(Answer::without_id(Outcome::Error(-32600))));
        }
        let expected: Vec<_> = batch.iter().filter_map(|element| Answer::to(element.get())).collect();
        (!expected.is_empty()).then_some(Self::Batch(expected))
    }

    fn check(&self, message: &str, text: &str) {
        match self {
            Self::One(answer) => answer.check(message, text),
            Self::Batch(expected) => {
                let answers: Vec<&RawValue> = serde_json::from_str(message).expect("an array");
                assert_eq!(answers.len(), expected.len(), "{message} to {text}");
                for (expected, answer) in expected.iter().zip(answers) {
                    expected.check(answer.get(), text);
                }
            }
        }
    }
}

impl Answer {
    fn without_id(outcome: Outcome) -> Self {
        Self {
            id: "null".to_owned(),
            outcome,
        }
    }

    /// Returns the answer to a call, or to what should have been one.
    fn to(call: &str) -> Option<Self> {
        if is_answer(call) {
            return None;
        }
        let invalid = Outcome::Error(-32600);
        let Some(members) = members(call) else {
            return Some(Self::without_id(invalid));
        };
        let id = member(&members, "id");
        if id.is_some_and(|id| id.len() > MAX_ID || id.starts_with(['[', '{', 't', 'f'])) {
            return Some(Self::without_id(invalid));
        }
        let Some((method, params)) = request(&members) else {
            let id = id.unwrap_or("null").to_owned();
            return Some(Self { id, outcome: invalid });
        };
        let result = |value: Option<String>| value.map_or(Outcome::OfHandler, Outcome::Result);
        let outcome = match method.as_str() {
            "echo" => result(params.and_then(read::<Value>)),
            "say" => result(params.and_then(read::<Say>)),
            "refuse" => Outcome::Error(7),
            "ask" => Outcome::Result("null".to_owned()),
            _ => Outcome::Error(-32601),
        };
        let id = id?.to_owned();
        Some(Self { id, outcome })
    }

    fn check(&self, answer: &str, text: &str) {
        let answer = members(answer).unwrap_or_else(|| panic!("{answer} to {text}"));
        let [(version, two), (kind, value), (id, seen)] = &answer[..] else {
            panic!("{answer:?} to {text}")
        };
        assert_eq!(
            (&**version, *two, &**id),
            ("jsonrpc", r#""2.0""#, "id"),
            "{answer:?} to {text}"
        );
        assert_eq!(*seen, self.id, "{answer:?} to {text}");
        let code = (kind == "error").then(|| code(value));
        match &self.outcome {
            Outcome::Result(result) => assert_eq!((&**kind, *value), ("result", &**result), "to {text}"),
            Outcome::OfHandler => assert!(kind == "result" || code == Some(-32602), "{answer:?} to {text}"),
            Outcome::Error(expected) => assert_eq!(code, Some(*expected), "{answer:?} to {text}"),
            Outcome::TooLongOrMalformed => assert!(matches!(code, Some(-32700 | -32600)), "{answer:?} to {text}"),
        }
    }
}

/// Returns the code of an error object.
fn code(error: &str) -> i64 {
    let error: Map<String, Value> = serde_json::from_str(error).expect("an error is an object");
    assert!(error["message"].is_string(), "{error:?}");
    error["code"].as_i64().expect("a code is a number")
}

/// Returns the method and the parameters of a call, unless it is invalid.
fn request<'a>(members: &[(String, &'a str)]) -> Option<(String, Option<&'a str>)> {
    let has_twice = |name: &&str| members.iter().filter(|(known, _)| known == name).count() > 1;
    if ["jsonrpc", "method", "params", "id", "result", "error"]
        .iter()
        .any(has_twice)
    {
        return None;
    }
    let text = |name| serde_json::from_str::<String>(member(members, name)?).ok();
    let params = member(members, "params").filter(|params| *params != "null");
    let is_valid = text("jsonrpc")? == "2.0" && params.is_none_or(|params| params.starts_with(['[', '{']));
    Some((text("method")?, params)).filter(|_| is_valid)
}

/// Returns `true` for an answer to a call of the server.
fn is_answer(json: &str) -> bool {
    members(json).is_some_and(|members| {
        let has = |name| member(&members, name).is_some();
        !has("method") && (has("result") || has("error"))
    })
}

/// Returns the last member with this name.
fn member<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    let found = members.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}

/// Returns the members of an object as they are written, unless a name is half of a surrogate pair, and so is not a text.
fn members(json: &str) -> Option<Vec<(String, &str)>> {
    let Members(members) = serde_json::from_str(json).ok()?;
    Some(members)
}

struct Members<'a>(Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.push((serde_json::from_str(name.get()).map_err(Error::custom)?, value.get()));
        }
        Ok(Members(members))
    }
}

/// Reads parameters as a handler does, and returns the JSON of its result.
fn read<T: DeserializeOwned + Serialize>(params: &str) -> Option<String> {
    let value: T = serde_json::from_str(params).ok()?;
    Some(serde_json::to_string(&value).expect("what was JSON before"))
}
