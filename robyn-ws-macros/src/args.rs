//! Parses the arguments of `#[websocket]` and `#[websocket_view]`, and recognizes common mistakes in them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ExprPath, LitStr, Path, Type};

use crate::{
    argument::is_unsized,
    diagnostics::{Diagnostics, closest, code_list},
    event::Event,
    form::{Form, is_said_by_a_method, method_is_the_event},
    grammar::{Argument, Keys, ModPath, arguments},
    method_name::{self, MethodName},
    model::EndpointPath,
    on::{self, last_segment},
    sends::{self, Sends},
    tokens::{code, is_punct},
};

/// The parsed arguments. A part that is missing or wrong is `None`, and has been reported.
pub(crate) struct Args {
    pub(crate) form: &'static Form,
    pub(crate) path: Option<EndpointPath>,
    /// The event that is given, or that is likely meant by a misspelling.
    pub(crate) event: Option<Event>,
    /// The argument that gives the event.
    pub(crate) on: TokenStream,
    pub(crate) method: MethodName,
    pub(crate) router: Option<ExprPath>,
    pub(crate) state: State,
    pub(crate) blocking: Option<Ident>,
    pub(crate) sends: Sends,
    pub(crate) runtime: Option<Path>,
}

/// The state of an upgrade handler's extractors.
#[derive(Default)]
pub(crate) enum State {
    #[default]
    Absent,
    Given(Box<Type>),
    Wrong,
}

impl State {
    pub(crate) fn given(&self) -> Option<&Type> {
        match self {
            Self::Given(ty) => Some(ty),
            Self::Absent | Self::Wrong => None,
        }
    }
}

impl Args {
    pub(crate) fn parse(tokens: TokenStream, form: &'static Form, errors: &mut Diagnostics) -> Self {
        let mut tokens = tokens.into_iter().peekable();
        let leading_comma = tokens.next_if(|token| is_punct(token, ','));
        let tokens = tokens.collect();
        let mut parser = ArgsParser {
            args: Self {
                form,
                path: None,
                event: None,
                on: TokenStream::new(),
                method: MethodName::Absent,
                router: None,
                state: State::Absent,
                blocking: None,
                sends: Sends::default(),
                runtime: None,
            },
            keys: Keys::new(form.keys),
            on: On::Absent,
            path_seen: false,
            event_is_first: false,
            leading_comma,
        };
        for (position, argument) in arguments(tokens, form.keys, errors).iter().enumerate() {
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
    /// An event without its key stands where the path belongs.
    event_is_first: bool,
    /// A comma before the first argument.
    leading_comma: Option<TokenTree>,
}

impl ArgsParser {
    fn keyed(&mut self, position: usize, key: &Ident, argument: &Argument, errors: &mut Diagnostics) {
        let is_first_word = position == 0 && argument.value.is_none();
        let keys = self.args.form.keys;
        if !is_first_word && !self.args.form.has_events() && is_said_by_a_method(key, argument, errors) {
            return;
        }
        if is_first_word && is_constant(&key.to_string()) {
            self.path_that_is_not_a_literal(&argument.tokens, errors);
        } else if let Some(event) = event_without_key(&key.to_string(), keys) {
            self.event_is_first = is_first_word;
            self.keyless_event(&argument.tokens, event, errors);
        } else if is_first_word && closest(&key.to_string(), keys).is_none() {
            self.path_that_is_not_a_literal(&argument.tokens, errors);
        } else if let Some(path) = path_under_a_key(&key.to_string(), argument.value.clone()) {
            self.keyed_path(&key.to_token_stream(), path, errors);
        } else if key == "event" {
            self.keys.report_unknown(key, Some("on"), errors);
            self.on(argument, errors);
        } else if let Some(help) = counterpart(&key.to_string()) {
            self.keys.report_unknown_with(key, help, errors);
            self.unclear();
        } else {
            self.known(key, argument, errors);
        }
    }

    fn keyed_path(&mut self, place: &TokenStream, path: LitStr, errors: &mut Diagnostics) {
        let help = format!("write `{}`", self.args.form.with_path(path.token()));
        errors.report(place, "the path has no key, it is the first argument", help);
        self.path_seen = true;
        self.args.path.get_or_insert(EndpointPath::Literal(path));
    }

    fn known(&mut self, key: &Ident, argument: &Argument, errors: &mut Diagnostics) {
        let known = self.keys.recognize(key, argument, errors);
        let is_misspelled = known.is_some_and(|known| key != known);
        match known {
            Some("on" | "method" | "router" | "state" | "sends" | "crate")
                if is_misspelled && argument.value.is_none() =>
            {
                self.unclear();
            }
            Some("on") => self.on(argument, errors),
            Some("method") => self.args.method = method_name::parse(argument, errors),
            Some("sends") => self.args.sends = sends::parse(argument, errors),
            Some("router") => self.args.router = argument.parse_value(help("router"), errors),
            Some("state") => {
                let ty = argument
                    .parse_value(help("state"), errors)
                    .filter(|ty| is_sized(ty, errors));
                self.args.state = ty.map_or(State::Wrong, |ty| State::Given(Box::new(ty)));
            }
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
            None if self.args.form.keys.iter().any(|known| key == known) => {}
            None => self.unclear(),
        }
    }

    fn positional(&mut self, position: usize, argument: &Argument, errors: &mut Diagnostics) {
        let (tokens, keys) = (&argument.tokens, self.args.form.keys);
        if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
            return self.string(position, literal, errors);
        }
        if let Some((key, value)) = argument.other_form() {
            if keys.contains(&key.as_str()) {
                let problem = format!("`{key}` is written in another form");
                errors.report(tokens, problem, meant(&key, &value));
                return self.unclear();
            }
            if let Some(path) = path_under_a_key(&key, Some(value)) {
                return self.keyed_path(tokens, path, errors);
            }
        }
        if self.path_seen {
            if let Some(event) = last_segment(tokens).and_then(|name| event_without_key(&name, keys)) {
                return self.keyless_event(tokens, event, errors);
            }
            let problem = format!("expected a key, found `{}`", code(tokens.clone()));
            errors.report(tokens, problem, format_args!("the keys are {}", code_list(keys)));
            return self.unclear();
        }
        self.path_that_is_not_a_literal(tokens, errors);
    }

    /// Takes the path, or reports a string that is something else.
    fn string(&mut self, position: usize, literal: LitStr, errors: &mut Diagnostics) {
        if self.path_seen {
            return self.second_string(&literal, errors);
        }
        if position > 0 && !self.event_is_first {
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
        let Some(event) = event else {
            self.unclear();
            let help = format!("write a second `#[{}(..)]` for a second path", self.args.form.name);
            return errors.report(literal, "there is a path already, and an attribute takes one", help);
        };
        self.keyless_event(&literal.to_token_stream(), event, errors);
    }

    /// Reports an event that lacks its `on =`, and takes it.
    fn keyless_event(&mut self, tokens: &TokenStream, event: Event, errors: &mut Diagnostics) {
        if !self.args.form.has_events() {
            return method_is_the_event(tokens, Some(event), errors);
        }
        if event == Event::Session {
            let help = format!("remove `{}`", code(tokens.clone()));
            errors.report(tokens, "a session handler is one without `on`", help);
        } else {
            let place = if self.event_is_first { " behind the path" } else { "" };
            let help = format!("write `{}`{place}", event.argument());
            errors.report(tokens, "the event is given with the key `on`", help);
        }
        if !matches!(self.on, On::Given(_)) {
            self.args.on = tokens.clone();
            self.on = On::Given(event);
        }
    }

    /// Takes the name of a constant, as constants are written, and reports anything else.
    fn path_that_is_not_a_literal(&mut self, tokens: &TokenStream, errors: &mut Diagnostics) {
        self.path_seen = true;
        if let Ok(path) = syn::parse2::<ExprPath>(tokens.clone())
            && let Some(last) = path.path.segments.last()
            && is_constant(&last.ident.to_string())
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
        self.unclear();
    }

    fn on(&mut self, argument: &Argument, errors: &mut Diagnostics) {
        self.args.on = argument.tokens.clone();
        self.on = match on::event(argument, errors) {
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
            let place = self.leading_comma.to_token_stream();
            errors.report(&place, "the path of the endpoint is missing", help);
            self.unclear();
        } else if let Some(comma) = &self.leading_comma {
            errors.report(comma, "an argument is missing before this comma", "remove the comma");
        }
        self.args.event = match self.on {
            On::Absent if self.args.method.lacks_its_event(errors) => Some(Event::Call),
            On::Absent => Some(Event::Session),
            On::Unclear => None,
            On::Given(event) => Some(event),
        };
        self.args
    }
}

/// Reports a type of which no value can be given.
fn is_sized(state: &Type, errors: &mut Diagnostics) -> bool {
    if is_unsized(state) {
        let name = code(state.to_token_stream());
        let problem = format!("a state is a value that the app is given, and no value has the type `{name}`");
        errors.report(state, problem, format_args!("write `state = Arc<{name}>`"));
        return false;
    }
    true
}

/// Returns `true` if `name` is in capitals.
fn is_constant(name: &str) -> bool {
    !name.contains(char::is_lowercase)
}

/// Returns the event that `word` names where a key is expected.
fn event_without_key(word: &str, keys: &[&'static str]) -> Option<Event> {
    let is_key = word == "event" || closest(word, keys).is_some();
    Event::meant_by(word).filter(|_| !is_key)
}

/// Returns how to write the argument with this key that has its value in another form.
fn meant(key: &str, value: &TokenStream) -> String {
    let text = code(value.clone());
    let event = Event::meant_by(text.trim_matches('"')).and_then(Event::name);
    match (key, event) {
        ("on", Some(event)) => format!("write `on = \"{event}\"`"),
        ("router" | "state" | "crate", _) if syn::parse2::<ModPath>(value.clone()).is_ok() => {
            format!("write `{key} = {text}`")
        }
        _ => help(key).to_owned(),
    }
}

/// Returns the path of `path = "/chat"`.
fn path_under_a_key(key: &str, value: Option<TokenStream>) -> Option<LitStr> {
    let is_path = ["path", "route", "url", "endpoint"].contains(&key);
    syn::parse2(value?).ok().filter(|_| is_path)
}

/// Returns how to write what was likely meant by a key of other frameworks.
fn counterpart(key: &str) -> Option<&'static str> {
    match key {
        "sub_router" | "subrouter" | "prefix" => Some(help("router")),
        "async" => Some("write `async fn`"),
        _ => None,
    }
}

/// Returns how to write the argument with this key.
pub(crate) fn help(key: &str) -> &'static str {
    match key {
        "method" => "write `method = \"say\"`, the name that clients call",
        "on" => "write `on = \"message\"`",
        "router" => "write `router = LEAGUE`, the name of a `static` `SubRouter`",
        "state" => "write `state = AppState`, the type of the value given to `App::state`",
        "sends" => {
            "write `sends(Said, Joined)`, the types of messages; `sends(\"said\"(Said), \"ask\"(Question) -> Answer)` for notifications and calls"
        }
        "crate" => "write `crate = ::robyn_ws`",
        _ => "write `blocking`",
    }
}
