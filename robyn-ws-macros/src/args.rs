//! Parses the arguments of `#[websocket]` and `#[websocket_view]`, and recognizes common mistakes in them.

use std::fmt::Display;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr, Path};

use crate::{
    diagnostics::{Diagnostics, closest, code_list},
    event::Event,
    grammar::{Argument, Keys, ModPath, arguments},
    model::EndpointPath,
    tokens::code,
};

/// One of the attributes that register handlers.
pub(crate) struct Form {
    name: &'static str,
    keys: &'static [&'static str],
}

impl Form {
    pub(crate) const FUNCTION: Self = Self {
        name: "websocket",
        keys: &["on", "router", "blocking", "crate"],
    };
    pub(crate) const VIEW: Self = Self {
        name: "websocket_view",
        keys: &["router", "crate"],
    };

    /// Returns the attribute with this path.
    fn with_path(&self, path: impl Display) -> String {
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
    fn has_events(&self) -> bool {
        self.keys.contains(&"on")
    }

    fn has(&self, key: &Ident) -> bool {
        self.keys.iter().any(|known| key == known)
    }
}

/// The parsed arguments. A part that is missing or wrong is `None`, and has been reported.
pub(crate) struct Args {
    pub(crate) form: &'static Form,
    pub(crate) path: Option<EndpointPath>,
    /// The event that is given, or that is likely meant by a misspelling.
    pub(crate) event: Option<Event>,
    pub(crate) router: Option<ExprPath>,
    pub(crate) blocking: Option<Ident>,
    pub(crate) runtime: Option<Path>,
}

impl Args {
    pub(crate) fn parse(tokens: TokenStream, form: &'static Form, errors: &mut Diagnostics) -> Self {
        let mut parser = ArgsParser {
            args: Self {
                form,
                path: None,
                event: None,
                router: None,
                blocking: None,
                runtime: None,
            },
            keys: Keys::new(form.keys),
            on: On::Absent,
            path_seen: false,
        };
        for (position, argument) in arguments(tokens, errors).iter().enumerate() {
            match &argument.key {
                Some(key) => parser.keyed(position, key, argument, errors),
                None => parser.positional(position, argument, errors),
            }
        }
        parser.finish(errors)
    }
}

/// How sure it is which event the handler is for.
enum On {
    Absent,
    /// Something was not understood that may have been an `on`.
    Unclear,
    Given(Event),
}

struct ArgsParser {
    args: Args,
    keys: Keys,
    on: On,
    path_seen: bool,
}

impl ArgsParser {
    fn keyed(&mut self, position: usize, key: &Ident, argument: &Argument, errors: &mut Diagnostics) {
        let is_first_word = position == 0 && argument.value.is_none();
        if !is_first_word && !self.args.form.has(key) && is_said_by_a_method(key, argument, errors) {
            return;
        }
        if is_first_word && closest(&key.to_string(), self.args.form.keys).is_none() {
            self.path_that_is_not_a_literal(&argument.tokens, errors);
        } else if let Some(path) = path_under_a_key(key, argument) {
            let help = format!("write `{}`", self.args.form.with_path(path.token()));
            errors.report(key, "the path has no key, it is the first argument", help);
            self.path_seen = true;
            self.args.path.get_or_insert(EndpointPath::Literal(path));
        } else if key == "event" {
            self.keys.report_unknown(key, Some("on"), errors);
            self.on(argument, errors);
        } else {
            self.known(key, argument, errors);
        }
    }

    fn known(&mut self, key: &Ident, argument: &Argument, errors: &mut Diagnostics) {
        match self.keys.recognize(key, argument, errors) {
            Some("on") => self.on(argument, errors),
            Some("router") => self.args.router = argument.parse_value(help("router"), errors),
            Some("crate") => {
                self.args.runtime = argument
                    .parse_value::<ModPath>(help("crate"), errors)
                    .map(|path| path.0);
            }
            Some(_blocking) => {
                argument.expect_no_value(errors);
                self.args.blocking = Some(key.clone());
            }
            // A key that appears more than once leaves no doubt about the event, unlike an unknown one.
            None if self.args.form.has(key) => {}
            None => self.unclear(),
        }
    }

    fn positional(&mut self, position: usize, argument: &Argument, errors: &mut Diagnostics) {
        if let Some(TokenTree::Ident(key)) = argument.tokens.clone().into_iter().next()
            && self.args.form.has(&key)
        {
            let problem = format!("unexpected form `{}`", code(argument.tokens.clone()));
            errors.report(&argument.tokens, problem, help(&key.to_string()));
            return self.unclear();
        }
        let Ok(literal) = syn::parse2::<LitStr>(argument.tokens.clone()) else {
            if self.path_seen {
                let problem = format!("expected a key, found `{}`", code(argument.tokens.clone()));
                errors.report(
                    &argument.tokens,
                    problem,
                    format_args!("the keys are {}", code_list(self.args.form.keys)),
                );
                return self.unclear();
            }
            return self.path_that_is_not_a_literal(&argument.tokens, errors);
        };
        if self.path_seen {
            return self.second_string(&literal, errors);
        }
        if position > 0 {
            let help = format!("write `{}`", self.args.form.with_path(literal.token()));
            errors.report(&literal, "the path comes before the other arguments", help);
        }
        self.path_seen = true;
        self.args.path = Some(EndpointPath::Literal(literal));
    }

    /// Reports a second string: most likely the event without its key.
    fn second_string(&mut self, literal: &LitStr, errors: &mut Diagnostics) {
        let value = literal.value();
        let event = if value.starts_with('/') {
            None
        } else {
            Event::meant_by(&value)
        };
        if event.is_some() && !self.args.form.has_events() {
            return method_is_the_event(&literal.to_token_stream(), event, errors);
        }
        let Some(event) = event else {
            self.unclear();
            let help = format!("write a second `#[{}(..)]` for a second path", self.args.form.name);
            return errors.report(literal, "there is a path already, and an attribute takes one", help);
        };
        errors.report(
            literal,
            "the event is given with the key `on`",
            format_args!("write `{}`", event.argument()),
        );
        if !matches!(self.on, On::Given(_)) {
            self.on = On::Given(event);
        }
    }

    /// Takes the name of a constant, as constants are written, and reports anything else.
    fn path_that_is_not_a_literal(&mut self, tokens: &TokenStream, errors: &mut Diagnostics) {
        self.path_seen = true;
        if let Ok(path) = syn::parse2::<ExprPath>(tokens.clone())
            && let Some(last) = path.path.segments.last()
            && !last.ident.to_string().contains(char::is_lowercase)
        {
            self.args.path = Some(EndpointPath::Constant(path));
            return;
        }
        let problem = format!(
            "the path is a string literal or a constant, not `{}`",
            code(tokens.clone())
        );
        let help = format!("write it out: `{}`", self.args.form.with_path("\"/chat\""));
        errors.report(tokens, problem, help);
    }

    fn on(&mut self, argument: &Argument, errors: &mut Diagnostics) {
        self.on = match event(argument, errors) {
            Some(event) => On::Given(event),
            None => On::Unclear,
        };
    }

    fn unclear(&mut self) {
        if matches!(self.on, On::Absent) {
            self.on = On::Unclear;
        }
    }

    fn finish(mut self, errors: &mut Diagnostics) -> Args {
        if !self.path_seen {
            let help = format!("write it first: `{}`", self.args.form.with_path("\"/chat\""));
            errors.report(&TokenStream::new(), "the path of the endpoint is missing", help);
        }
        self.args.event = match self.on {
            On::Absent => Some(Event::Session),
            On::Unclear => None,
            On::Given(event) => Some(event),
        };
        self.args
    }
}

/// Returns the event of `on = "message"`. A wrong value is reported, and the event that was likely meant is returned.
fn event(argument: &Argument, errors: &mut Diagnostics) -> Option<Event> {
    match argument.parse_value(help("on"), errors)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(name), ..
        }) => event_named(&name, errors),
        Expr::Path(path) => {
            let name = path.path.segments.last().map(|segment| segment.ident.to_string());
            let meant = name.as_deref().and_then(Event::meant_by);
            let example = meant.unwrap_or(Event::Message).argument();
            errors.report(&path, "the event is a string", format_args!("write `{example}`"));
            meant
        }
        other => {
            errors.report(
                &other,
                "the event is a string",
                format_args!("write one of {}", Event::list()),
            );
            None
        }
    }
}

fn event_named(literal: &LitStr, errors: &mut Diagnostics) -> Option<Event> {
    let name = literal.value();
    let meant = Event::meant_by(&name);
    match meant {
        Some(event) if event.name() == Some(&name) => {}
        Some(Event::Session) => {
            let problem = format!("`{name}` is not an event: a session handler is one without `on`");
            errors.report(literal, problem, "leave `on` away");
        }
        Some(event) => {
            let problem = format!("unknown event `{name}`, expected one of {}", Event::list());
            errors.report(literal, problem, format_args!("did you mean `{}`?", event.argument()));
        }
        None => {
            let problem = format!("unknown event `{name}`");
            errors.report(literal, problem, format_args!("write one of {}", Event::list()));
        }
    }
    meant
}

/// Reports an argument that only functions have: a view has its counterpart at its methods. Returns `false` for another
/// argument.
fn is_said_by_a_method(key: &Ident, argument: &Argument, errors: &mut Diagnostics) -> bool {
    if key == "blocking" {
        let problem = "each method of a view says for itself that it is `blocking`";
        errors.report(&argument.tokens, problem, "write `#[view(blocking)]` on the method");
        return true;
    }
    let value = argument.value.clone().unwrap_or_default();
    let word = syn::parse2::<LitStr>(value).map_or_else(|_| key.to_string(), |name| name.value());
    let event = Event::meant_by(&word);
    let is_event = key == "on" || key == "event" || argument.value.is_none() && event.is_some();
    if is_event {
        method_is_the_event(&argument.tokens, event, errors);
    }
    is_event
}

/// Reports an event in the attribute of a view.
fn method_is_the_event(place: &TokenStream, event: Option<Event>, errors: &mut Diagnostics) {
    let method = event.unwrap_or(Event::Message).method();
    let help = format!("remove it, and name the method `{method}`");
    errors.report(place, "the event of a view's method is its name", help);
}

/// Returns the path of `path = "/chat"`.
fn path_under_a_key(key: &Ident, argument: &Argument) -> Option<LitStr> {
    let is_path = ["path", "route", "url", "endpoint"].iter().any(|name| key == name);
    syn::parse2(argument.value.clone()?).ok().filter(|_| is_path)
}

/// Returns how to write the argument with this key.
fn help(key: &str) -> &'static str {
    match key {
        "on" => "write `on = \"message\"`",
        "router" => "write `router = LEAGUE`, the name of a `static` `SubRouter`",
        "crate" => "write `crate = ::robyn_ws`",
        _ => "write `blocking`",
    }
}
