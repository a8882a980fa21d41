//! What a handler is, in words of its domain: the only input of `expand`.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, ExprPath, LitStr};

use crate::{
    diagnostics::{closest, code_list},
    runtime::Runtime,
};

/// A handler without a mistake.
pub(crate) struct Handler {
    pub(crate) path: EndpointPath,
    pub(crate) is_async: bool,
    pub(crate) blocking: bool,
    /// Those of the function's attributes that generated code shares: `cfg` and `allow`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) types: Types,
}

/// The path of an endpoint.
pub(crate) enum EndpointPath {
    Literal(LitStr),
    /// Its value is checked when the app is built.
    Constant(ExprPath),
}

impl ToTokens for EndpointPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

/// What the compiler checks about a handler. It is known of most handlers with mistakes, too.
pub(crate) struct Types {
    /// The function's name.
    pub(crate) name: Ident,
    /// The table of the handler's event.
    pub(crate) runtime: Runtime,
    /// The type of each parameter.
    pub(crate) params: Vec<TokenStream>,
    pub(crate) output: Output,
    pub(crate) router: Option<ExprPath>,
    /// Pairs of types behind references that have to be different, because one of them is borrowed as `&mut`.
    pub(crate) exclusive: Vec<(TokenStream, TokenStream)>,
}

/// What a handler returns.
pub(crate) enum Output {
    Type(TokenStream),
    /// A type that cannot be written again, as it has an `impl Trait` in it. It is here only to be underlined.
    Inferred(TokenStream),
    /// `!`
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Upgrade,
    Connect,
    Message,
    Close,
    Session,
}

impl Event {
    const NAMES: &[&str] = &["upgrade", "connect", "message", "close"];

    /// Gives what `on` calls it. A session handler has no `on`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Upgrade => Some("upgrade"),
            Self::Connect => Some("connect"),
            Self::Message => Some("message"),
            Self::Close => Some("close"),
            Self::Session => None,
        }
    }

    /// Gives the argument that asks for it.
    pub(crate) fn argument(self) -> String {
        self.name().map(|name| format!("on = \"{name}\"")).unwrap_or_default()
    }

    pub(crate) fn list() -> String {
        code_list(Self::NAMES.iter().map(|name| format!("\"{name}\"")))
    }

    /// Gives the event that `word` names, or was likely meant to name.
    pub(crate) fn meant_by(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "upgrade" => Some(Self::Upgrade),
            // What Robyn, browsers and other frameworks call them.
            "connect" | "open" | "opened" | "onopen" | "connection" => Some(Self::Connect),
            "message" | "receive" | "text" | "binary" | "data" | "onmessage" => Some(Self::Message),
            "close" | "closed" | "disconnect" | "disconnected" | "onclose" => Some(Self::Close),
            "session" | "socket" | "websocket" => Some(Self::Session),
            word => closest(word, Self::NAMES).and_then(Self::meant_by),
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
            ("session", Event::Session),
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
