//! Parses the arguments of `#[websocket]`, and recognizes common mistakes in them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr, Path, Type};

use crate::{
    diagnostics::{Diagnostics, closest, code_list},
    event::Event,
    grammar::{Argument, Keys, ModPath, arguments},
    model::EndpointPath,
    tokens::code,
};

const KEYS: &[&str] = &["on", "router", "state", "blocking", "crate"];

/// The parsed arguments. A part that is missing or wrong is `None`, and has been reported.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) path: Option<EndpointPath>,
    /// The event that is given, or that is likely meant by a misspelling.
    pub(crate) event: Option<Event>,
    pub(crate) router: Option<ExprPath>,
    pub(crate) state: State,
    pub(crate) blocking: Option<Ident>,
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
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Self {
        let mut parser = ArgsParser {
            args: Self::default(),
            keys: Keys::new(KEYS),
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
        if is_first_word && closest(&key.to_string(), KEYS).is_none() {
            self.path_that_is_not_a_literal(&argument.tokens, errors);
        } else if let Some(path) = path_under_a_key(key, argument) {
            let help = format!("write `#[websocket({}, ..)]`", path.token());
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
            Some("state") => {
                let ty = argument.parse_value(help("state"), errors);
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
            None if KEYS.iter().any(|known| key == known) => {}
            None => self.unclear(),
        }
    }

    fn positional(&mut self, position: usize, argument: &Argument, errors: &mut Diagnostics) {
        if let Some(TokenTree::Ident(key)) = argument.tokens.clone().into_iter().next()
            && KEYS.iter().any(|known| key == known)
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
                    format_args!("the keys are {}", code_list(KEYS)),
                );
                return self.unclear();
            }
            return self.path_that_is_not_a_literal(&argument.tokens, errors);
        };
        if self.path_seen {
            return self.second_string(&literal, errors);
        }
        if position > 0 {
            let help = format!("write `#[websocket({}, ..)]`", literal.token());
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
            let help = "write a second `#[websocket(..)]` for a second path";
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
        errors.report(tokens, problem, "write it out: `#[websocket(\"/chat\", ..)]`");
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
            let help = "write it first: `#[websocket(\"/chat\", ..)]`";
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
        "state" => "write `state = AppState`, the type of the value given to `App::state`",
        "crate" => "write `crate = ::robyn_ws`",
        _ => "write `blocking`",
    }
}
