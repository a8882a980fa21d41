//! The names of a view's methods: the events among them, and those that are likely misspelled.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, ext::IdentExt};

use super::block::{Block, Method};
use crate::{
    diagnostics::{Diagnostics, code_list},
    event::Event,
    model::Handler,
    tokens::is_punct,
};

const EVENTS: [Event; 5] = [
    Event::Upgrade,
    Event::Connect,
    Event::Message,
    Event::Close,
    Event::Session,
];

/// Words that are a letter away from an event.
const WORDS: [&str; 4] = ["chose", "clone", "lose", "massage"];

/// Words for an event that also name what a connection is or has, as `fn text(&self) -> &str` does.
const NOUNS: [&str; 9] = [
    "binary",
    "closed",
    "connection",
    "data",
    "disconnected",
    "opened",
    "socket",
    "text",
    "websocket",
];

/// Returns the event that a method handles.
pub(crate) fn event(method: &Method) -> Option<Event> {
    if method.attrs.iter().any(is_call) {
        return Some(Event::Call);
    }
    EVENTS
        .into_iter()
        .find(|event| method.signature.ident == event.method())
}

/// Returns `true` for `#[call]`.
pub(crate) fn is_call(attr: &Attribute) -> bool {
    attr.path().is_ident("call")
}

/// Reports methods that were likely meant to be events, a view without events, and events that exclude each other.
pub(crate) fn check(block: &Block, errors: &mut Diagnostics) {
    let has_events = block.methods.iter().any(|method| event(method).is_some());
    let mut is_explained = has_events || block.unread > 0;
    for method in block.methods.iter().filter(|method| event(method).is_none()) {
        let name = method.signature.ident.unraw().to_string();
        let meant = misspelled(&name).or_else(|| foreign(&name, has_events));
        if let Some(meant) = meant.filter(|meant| !is_handled(block, *meant) && !is_called(block.body.clone(), &name)) {
            is_explained = true;
            let problem = format!("`{name}` is not an event: the events are {}", list());
            let help = format!(
                "did you mean `{}`? If not, move the method to an `impl` block without `#[websocket_view]`",
                meant.method()
            );
            errors.report(&method.signature.ident, problem, help);
        }
    }
    if !is_explained {
        let problem = "this view handles no event: none of its methods is named as one";
        errors.report(
            &block.ty,
            problem,
            format_args!("name a method after its event: {}; or write `#[call]` on it", list()),
        );
    }
    check_message_beside_session(block, errors);
}

/// Two methods of one name, which the compiler reports. A call of that name is another error.
pub(crate) fn has_twins(handlers: &[Handler]) -> bool {
    let always = handlers
        .iter()
        .filter(|handler| !handler.attrs.iter().any(|attr| attr.path().is_ident("cfg")));
    let mut seen = HashSet::new();
    always.map(|handler| &handler.types.name).any(|name| !seen.insert(name))
}

/// Returns `true` if the bodies have `.name` or `::name`: the block calls the method itself, so it is no event.
fn is_called(body: TokenStream, name: &str) -> bool {
    let mut is_behind_a_sign = false;
    body.into_iter().any(|token| {
        let may_be_called = std::mem::replace(&mut is_behind_a_sign, is_punct(&token, '.') || is_punct(&token, ':'));
        match token {
            TokenTree::Ident(word) => may_be_called && word.unraw() == name,
            TokenTree::Group(group) => is_called(group.stream(), name),
            _ => false,
        }
    })
}

fn list() -> String {
    code_list(EVENTS.map(Event::method))
}

/// Returns `true` if the view has a method that does what one for `event` would.
fn is_handled(block: &Block, event: Event) -> bool {
    let mut handled = block.methods.iter().filter_map(self::event);
    handled.any(|handled| handled == event || handled == Event::Session && event == Event::Message)
}

/// Returns the event that is one slip away from `name`, also with an `on` before it.
///
/// Another method is just a method, as long as it is a word of its own: `messages`, `connected`, `clone`.
fn misspelled(name: &str) -> Option<Event> {
    let lowercase = name.to_lowercase();
    let lowercase = lowercase.strip_prefix("on_").unwrap_or(&lowercase);
    EVENTS.into_iter().find(|event| {
        let event = event.method();
        let is_longer = lowercase.len() > event.len() && lowercase.starts_with(event);
        !is_longer && !WORDS.contains(&lowercase) && strsim::damerau_levenshtein(lowercase, event) <= 1
    })
}

/// Returns the event that has this name in other frameworks. A view that knows its events may have a method named as a
/// noun, and a view without events is likely to mean one even by a far word.
fn foreign(name: &str, has_events: bool) -> Option<Event> {
    let word = name.strip_prefix("on_").unwrap_or(name);
    let is_noun = word == name && NOUNS.contains(&word);
    let meant = if has_events {
        Event::called(word).filter(|_| !is_noun)
    } else {
        Event::meant_by(name)
    };
    // A call has a name of its own.
    meant.filter(|meant| *meant != Event::Call)
}

fn check_message_beside_session(block: &Block, errors: &mut Diagnostics) {
    let always = |event| {
        let mut methods = block.methods.iter();
        methods.find(|method| self::event(method) == Some(event) && !method.is_conditional())
    };
    if let (Some(message), Some(_)) = (always(Event::Message), always(Event::Session)) {
        let problem = "`session` receives the messages of its connection, there are none for `message`";
        errors.report(&message.signature.ident, problem, "remove one of the two methods");
    }
    let taker = always(Event::Message).or_else(|| always(Event::Session));
    if let (Some(call), Some(taker)) = (always(Event::Call), taker) {
        let name = &taker.signature.ident;
        let problem = format!("`{name}` takes all messages of its connection, there are none for calls");
        errors.report(
            &call.signature.ident,
            problem,
            format_args!("remove `{name}`, or `#[call]`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{foreign, misspelled};
    use crate::event::Event;

    #[test]
    fn a_slip_finds_its_event() {
        for (name, event) in [
            ("mesage", Event::Message),
            ("messsage", Event::Message),
            ("conect", Event::Connect),
            ("clsoe", Event::Close),
            ("upgarde", Event::Upgrade),
            ("sesion", Event::Session),
            ("Message", Event::Message),
            ("on_message", Event::Message),
            ("on_mesage", Event::Message),
        ] {
            assert_eq!(misspelled(name), Some(event), "{name}");
        }
    }

    #[test]
    fn a_word_of_another_framework_finds_its_event_beside_right_ones() {
        for (name, event) in [
            ("open", Event::Connect),
            ("on_open", Event::Connect),
            ("receive", Event::Message),
            ("on_text", Event::Message),
            ("onmessage", Event::Message),
            ("disconnect", Event::Close),
            ("on_disconnect", Event::Close),
        ] {
            assert_eq!(foreign(name, true), Some(event), "{name}");
        }
    }

    #[test]
    fn a_noun_is_just_a_method_beside_events() {
        for name in ["text", "data", "socket", "closed", "connection", "messages"] {
            assert_eq!(foreign(name, true), None, "{name}");
        }
        assert_eq!(foreign("text", false), Some(Event::Message));
    }

    #[test]
    fn another_method_is_just_a_method() {
        for name in [
            "messages",
            "connected",
            "close_all",
            "closed",
            "clone",
            "chose",
            "lose",
            "massage",
            "collect",
            "update",
            "version",
            "helper",
            "new",
            "on_tick",
            "on_message_of_a_friend",
            "session_id",
        ] {
            assert_eq!(misspelled(name), None, "{name}");
        }
    }
}
