//! The parameters of a call.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    handler::{
        event::{self, EventContext},
        extract::{FromEvent, mistake::Mistake},
    },
    types::rejection::Rejection,
};

/// The parameters of a call, for `call` handlers. `T` may borrow from the message: text as a `Cow` with
/// `#[serde(borrow)]`, since a `&str` refuses text with an escape, such as `\n`.
///
/// A struct is read by name (`{"room": "kitchen", "text": "hi"}`) and by position (`["kitchen", "hi"]`), a tuple or a `Vec`
/// by position. Another type is a single parameter: `Params<String>` reads `["hi"]`. A client that sends no parameters, an
/// empty array or an empty object has sent any of these, or null, whichever `T` takes. By position, only the fields at the
/// end that have `#[serde(default)]` can be left out.
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

/// Reads parameters that are not a `T` as they stand: none, or a single one. Otherwise returns what is wrong.
fn another_way<'a, T: Deserialize<'a>>(params: &'a str) -> Result<T, String> {
    if is_empty(params) {
        return absent();
    }
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(params) else {
        return Err(Mistake::of::<T>(params).to_string());
    };
    let single = serde_json::from_str::<(T,)>(params);
    single.map(|(value,)| value).map_err(|_| {
        let (by_position, as_single) = (Mistake::of::<T>(params), Mistake::of::<(T,)>(params));
        if as_single.says_more_than(&by_position, &elements) {
            as_single.explain::<(T,)>(&elements)
        } else {
            by_position.explain::<T>(&elements)
        }
    })
}

/// Returns `true` for an array or an object without elements.
fn is_empty(params: &str) -> bool {
    let inside = params.get(1..params.len() - 1);
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// Reads parameters that the client has not sent.
fn absent<'a, T: Deserialize<'a>>() -> Result<T, String> {
    let found = ["null", "[]", "{}"]
        .into_iter()
        .find_map(|none| serde_json::from_str(none).ok());
    found.ok_or_else(Mistake::of_absence::<T>)
}
