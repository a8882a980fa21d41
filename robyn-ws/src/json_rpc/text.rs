//! Writes calls, notifications and answers.

use std::{borrow::Cow, fmt::Write as _};

use serde::Serialize;

use crate::types::{error::JsonError, error_object::ErrorObject, message::Message, reply::Reply};

/// The id of an answer to what has none.
pub(crate) const NO_ID: &str = "null";

/// Returns parameters in JSON: an object or an array as it is, and any other value as an array of one.
pub(crate) fn params_json<P: Serialize + ?Sized>(params: &P) -> Result<String, JsonError> {
    let json = serde_json::to_string(params).map_err(JsonError::encoding)?;
    Ok(if json.starts_with(['[', '{']) {
        json
    } else {
        format!("[{json}]")
    })
}

/// Creates a notification.
pub(crate) fn notification<P: Serialize + ?Sized>(method: &str, params: &P) -> Result<Message, JsonError> {
    let mut out = request(method, &params_json(params)?, 1);
    out.push('}');
    Ok(out.into())
}

/// Creates a call. The parameters are JSON.
pub(crate) fn call(method: &str, params: &str, id: u64) -> Message {
    let id = id.to_string();
    let mut out = request(method, params, id.len() + 8);
    push_id(&mut out, &id);
    out.into()
}

fn request(method: &str, params: &str, room: usize) -> String {
    let mut out = String::with_capacity(method.len() + params.len() + 40 + room);
    out.push_str(r#"{"jsonrpc":"2.0","method":"#);
    push_string(&mut out, method);
    out.push_str(r#","params":"#);
    out.push_str(params);
    out
}

/// The answer to the call with this `id`. Both are JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallResult<'a> {
    pub(crate) id: &'a str,
    pub(crate) result: &'a str,
}

impl<'a> CallResult<'a> {
    #[inline]
    const fn texts(self) -> [&'a str; 5] {
        [r#"{"jsonrpc":"2.0","result":"#, self.result, ID, self.id, "}"]
    }

    pub(crate) fn push_to(self, out: &mut String) {
        out.extend(self.texts());
    }
}

impl Reply for CallResult<'_> {
    #[inline]
    fn is_text(&self) -> bool {
        true
    }

    #[inline]
    fn parts(&self) -> impl AsRef<[&[u8]]> {
        self.texts().map(str::as_bytes)
    }

    fn to_message(&self) -> Cow<'_, Message> {
        Cow::Owned(self.texts().concat().into())
    }
}

/// Appends an error as the answer to the call with this `id`, which is JSON.
pub(crate) fn push_error(out: &mut String, id: &str, error: &ErrorObject) {
    out.push_str(r#"{"jsonrpc":"2.0","error":{"code":"#);
    let _ = write!(out, "{}", error.code); // A `String` takes everything.
    out.push_str(r#","message":"#);
    push_string(out, &error.message);
    if let Some(data) = &error.data {
        out.push_str(r#","data":"#);
        out.push_str(data);
    }
    out.push('}');
    push_id(out, id);
}

const ID: &str = r#","id":"#;

fn push_id(out: &mut String, id: &str) {
    out.push_str(ID);
    out.push_str(id);
    out.push('}');
}

fn push_string(out: &mut String, text: &str) {
    let json = serde_json::to_string(text).unwrap_or_default(); // A text is always JSON.
    out.push_str(&json);
}
