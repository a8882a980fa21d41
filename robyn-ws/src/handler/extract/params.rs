//! The parameters of a call.

use std::fmt;

use serde::Deserialize;
use serde_path_to_error as path_to_error;

use crate::{
    handler::{
        event::{self, EventContext},
        extract::FromEvent,
    },
    types::rejection::Rejection,
};

/// The parameters of a call, for `call` handlers. `T` may borrow from the message: text as a `Cow` with
/// `#[serde(borrow)]`, since a `&str` refuses text with an escape, such as `\n`.
///
/// A struct is read by name (`{"room": "kitchen", "text": "hi"}`) and by position (`["kitchen", "hi"]`), a tuple or a `Vec`
/// by position. Another type is a single parameter: `Params<String>` reads `["hi"]`. A client that sends no parameters has
/// sent an empty object or array, or null, whichever `T` takes.
///
/// Parameters that are no `T` are answered with -32602, which names the path of the wrong part. With
/// `Result<Params<T>, Rejection>`, the handler decides.
///
/// ```
/// use robyn_ws::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Say { room: String, text: String }
///
/// #[websocket("/chat", on = "call", method = "say")]
/// fn say(Params(say): Params<Say>, ws: &WebSocketConnector) -> Result<(), CallError> {
///     ws.to(say.room).sync_broadcast(say.text);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<T>(pub T);

impl<T> fmt::Debug for Params<T> {
    /// Prints nothing that the client has sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").finish_non_exhaustive()
    }
}

impl<'a, T: Deserialize<'a>> FromEvent<'a, event::Call> for Params<T> {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, event::Call>) -> Result<Self, Rejection> {
        let read = match cx.params() {
            Some(params) => serde_json::from_str(params).or_else(|_| another_way(params)),
            None => absent(),
        };
        read.map(Self).map_err(Rejection::invalid_payload)
    }
}

/// Reads a single parameter, or returns what is wrong.
fn another_way<'a, T: Deserialize<'a>>(params: &'a str) -> Result<T, String> {
    if !params.starts_with('[') {
        return Err(mistake::<T>(params));
    }
    let single = serde_json::from_str::<(T,)>(params);
    single.map(|(value,)| value).map_err(|_| {
        let why = mistake::<T>(params);
        // A type that takes no array complains of the array itself.
        if why.starts_with(NO_ARRAY) {
            mistake::<(T,)>(params)
        } else {
            why
        }
    })
}

/// How serde's complaint about an array begins.
const NO_ARRAY: &str = "invalid type: sequence";

/// Reads parameters that the client has not sent.
fn absent<'a, T: Deserialize<'a>>() -> Result<T, String> {
    let found = ["null", "[]", "{}"]
        .into_iter()
        .find_map(|none| serde_json::from_str(none).ok());
    found.ok_or_else(|| format!("there are none, {}", mistake::<T>("{}")))
}

/// Returns what is wrong with parameters that are no `T`, and where.
fn mistake<'a, T: Deserialize<'a>>(params: &'a str) -> String {
    let mut parser = serde_json::Deserializer::from_str(params);
    let read = path_to_error::deserialize::<_, T>(&mut parser);
    let why = match read.map(drop) {
        Err(error) => error.to_string(),
        Ok(()) => parser.end().err().map_or_else(String::new, |error| error.to_string()),
    };
    // The place in the text says nothing that the path does not say.
    match why.rfind(" at line ") {
        Some(end) => why[..end].to_owned(),
        None => why,
    }
}
