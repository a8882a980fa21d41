//! Messages of JSON-RPC 2.0 that the server under test has sent.

use serde_json::Value;

use crate::{test_util::expectation::Outcome, types::message::Message};

/// A call or a notification.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) params: Value,
    /// A notification has none.
    pub(super) id: Option<Value>,
}

impl Request {
    /// Reads a message, which must be of this method.
    pub(super) fn of(message: &Message, method: &str, kind: &str) -> Outcome<Self> {
        let request = Self::read(message).filter(|request| request.method == method);
        request.ok_or_else(|| {
            let seen = message.quoted();
            format!("a {kind} of `{method}` was expected, but a message came: {seen}")
        })
    }

    /// Reads a message, if it is a call or a notification.
    pub(super) fn read(message: &Message) -> Option<Self> {
        let mut request: Value = message.parse_json().ok()?;
        Some(Self {
            method: request.get("method")?.as_str()?.to_owned(),
            params: request["params"].take(),
            id: request.get("id").cloned(),
        })
    }
}

/// Returns the result or the error in a message, if that is the answer to the call.
pub(super) fn answer_to(id: u64, message: &Message) -> Option<Result<Value, Value>> {
    let mut answer: Value = message.parse_json().ok()?;
    if answer["id"] != id || answer.get("method").is_some() {
        return None;
    }
    let members = answer.as_object_mut()?;
    let error = members.remove("error").map(Err);
    error.or_else(|| members.remove("result").map(Ok))
}
