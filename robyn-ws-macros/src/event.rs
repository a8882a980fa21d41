//! The events that a handler can be for, and the words for them.

use crate::diagnostics::{closest, code_list};

/// An event of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Upgrade,
    Connect,
    Message,
    Call,
    Close,
    Session,
}

impl Event {
    const NAMES: &[&str] = &["upgrade", "connect", "message", "call", "close"];

    /// Returns the name that `on` takes. A session handler has no `on`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Upgrade => Some("upgrade"),
            Self::Connect => Some("connect"),
            Self::Message => Some("message"),
            Self::Call => Some("call"),
            Self::Close => Some("close"),
            Self::Session => None,
        }
    }

    /// Returns the argument for this event.
    pub(crate) fn argument(self) -> String {
        self.name().map(|name| format!("on = \"{name}\"")).unwrap_or_default()
    }

    /// Returns the name of a view's method for this event. The methods of calls have names of their own.
    pub(crate) fn method(self) -> &'static str {
        self.name().unwrap_or("session")
    }

    pub(crate) fn list() -> String {
        code_list(Self::NAMES.iter().map(|name| format!("\"{name}\"")))
    }

    /// Returns the event that `word` names, or was likely meant to name.
    pub(crate) fn meant_by(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        let word = word.strip_prefix("on_").unwrap_or(&word);
        Self::called(word).or_else(|| closest(word, Self::NAMES).and_then(Self::called))
    }

    /// Returns the event that Robyn, browsers and other frameworks call `word`, as in `on = "open"` and `fn open()`.
    pub(crate) fn called(word: &str) -> Option<Self> {
        match word {
            "upgrade" => Some(Self::Upgrade),
            "connect" | "open" | "opened" | "onopen" | "connection" => Some(Self::Connect),
            "message" | "receive" | "text" | "binary" | "data" | "onmessage" => Some(Self::Message),
            "call" | "rpc" | "jsonrpc" | "json_rpc" | "request" => Some(Self::Call),
            "close" | "closed" | "disconnect" | "disconnected" | "onclose" => Some(Self::Close),
            "session" | "socket" | "websocket" => Some(Self::Session),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn words_from_elsewhere_are_understood() {
        for (word, event) in [
            ("open", Event::Connect),
            ("disconnect", Event::Close),
            ("receive", Event::Message),
            ("text", Event::Message),
            ("on_close", Event::Close),
            ("session", Event::Session),
            ("rpc", Event::Call),
            ("mesage", Event::Message),
        ] {
            assert_eq!(Event::meant_by(word), Some(event), "{word}");
        }
        assert_eq!(Event::meant_by("tick"), None);
    }

    #[test]
    fn every_name_means_its_event() {
        for name in Event::NAMES {
            assert_eq!(Event::meant_by(name).and_then(Event::name), Some(*name));
        }
    }
}
