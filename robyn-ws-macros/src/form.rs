//! The attributes that register handlers, `#[websocket]` and `#[websocket_view]`, and the arguments in which they differ.

use std::fmt::Display;

use proc_macro2::{Ident, TokenStream};
use syn::LitStr;

use crate::{diagnostics::Diagnostics, event::Event, grammar::Argument};

/// One of the attributes that register handlers.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
}

impl Form {
    pub(crate) const FUNCTION: Self = Self {
        name: "websocket",
        keys: &["on", "method", "router", "state", "blocking", "sends", "crate"],
    };
    pub(crate) const VIEW: Self = Self {
        name: "websocket_view",
        keys: &["router", "state", "sends", "crate"],
    };

    /// Returns the attribute with this path.
    pub(crate) fn with_path(&self, path: impl Display) -> String {
        format!("#[{}({path}, ..)]", self.name)
    }

    /// Returns how a handler is written that handles one message at a time.
    pub(crate) fn one_message_at_a_time(&self) -> &'static str {
        if self.has_events() {
            "add `on = \"message\"`"
        } else {
            "name the method `message`"
        }
    }

    /// Returns `true` if the attribute, and not the name of a method, says which event it is for.
    pub(crate) fn has_events(&self) -> bool {
        self.keys.contains(&"on")
    }
}

/// Reports an argument that only functions have: a view has its counterpart at its methods. Returns `false` for another
/// argument.
pub(crate) fn is_said_by_a_method(key: &Ident, argument: &Argument, errors: &mut Diagnostics) -> bool {
    if key == "blocking" {
        let problem = "each method of a view says for itself that it is `blocking`";
        errors.report(&argument.tokens, problem, "write `#[view(blocking)]` on the method");
        return true;
    }
    if key == "method" {
        let problem = "each method of a view says for itself that it is called, by its own name";
        errors.report(&argument.tokens, problem, "write `#[call]` on the method");
        return true;
    }
    let is_event = key == "on" || key == "event";
    if is_event {
        let value = argument.value.clone().unwrap_or_default();
        let name = syn::parse2::<LitStr>(value).map(|name| name.value());
        let event = name.ok().and_then(|name| Event::meant_by(&name));
        method_is_the_event(&argument.tokens, event, errors);
    }
    is_event
}

/// Reports an event in the attribute of a view.
pub(crate) fn method_is_the_event(place: &TokenStream, event: Option<Event>, errors: &mut Diagnostics) {
    if event == Some(Event::Call) {
        let help = "remove it, and write `#[call]` on the method, whose name is then the name of the call";
        return errors.report(place, "each method of a view says for itself that it is called", help);
    }
    let method = event.unwrap_or(Event::Message).method();
    let help = format!("remove it, and name the method `{method}`");
    errors.report(place, "the event of a view's method is its name", help);
}
