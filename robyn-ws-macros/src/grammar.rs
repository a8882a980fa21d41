//! The grammar that both attributes share: `KEY = VALUE`, `KEY` and plain values between commas.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Path, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
};

use crate::{
    diagnostics::{Diagnostics, closest, code_list},
    tokens::{code, is_punct, is_word},
};

/// The tokens between two commas.
#[derive(Clone)]
pub(crate) struct Argument {
    pub(crate) tokens: TokenStream,
    /// The key of `KEY = VALUE` and `KEY`; a plain value has none.
    pub(crate) key: Option<Ident>,
    pub(crate) value: Option<TokenStream>,
    /// The list of `sends(..)`, the only key that has one.
    pub(crate) list: Option<TokenStream>,
}

/// Splits an attribute at its commas, and where one is missing or another sign stands for it.
pub(crate) fn arguments(tokens: TokenStream, known: &[&str], errors: &mut Diagnostics) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut current: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().collect::<Vec<_>>().into_iter().peekable();
    while let Some(token) = tokens.next() {
        if is_punct(&token, '=') && matches!(current.as_slice(), [TokenTree::Ident(_)]) {
            current.push(token);
            let rest: Vec<_> = tokens.collect();
            let length = length_of_type(&rest);
            let mut rest = rest.into_iter();
            current.extend(rest.by_ref().take(length));
            tokens = rest.peekable();
            continue;
        }
        if is_punct(&token, ',') {
            if current.is_empty() {
                errors.report(&token, "an argument is missing before this comma", "remove the comma");
            }
            arguments.extend(Argument::new(&mut current));
            continue;
        }
        if let Some(sign) = other_separator(&token, &current, tokens.peek()) {
            let problem = format!("expected `,`, found `{sign}`");
            errors.report(&token, problem, "separate the arguments with commas");
            arguments.extend(Argument::new(&mut current));
            tokens.next_if(|_| sign.len() > 1);
            continue;
        }
        if lacks_comma(&token, &current, tokens.peek()) {
            // An argument without a known key will be reported itself.
            if known.contains(&token.to_string().as_str()) || begins_an_argument(&token, tokens.peek()) {
                let help = "separate the arguments with commas";
                errors.report(&token, format_args!("expected `,` before `{token}`"), help);
            }
            arguments.extend(Argument::new(&mut current));
        }
        current.push(token);
    }
    arguments.extend(Argument::new(&mut current));
    arguments
}

/// Returns the number of tokens of the type that `tokens` begin with, which may have commas and several words. A literal is
/// none, and the names of events and routers read as types.
fn length_of_type(tokens: &[TokenTree]) -> usize {
    // Most values are the name of an event.
    if matches!(tokens.first(), Some(TokenTree::Literal(_))) {
        return 0;
    }
    let parser = |input: ParseStream<'_>| {
        input.parse::<Type>()?;
        input.parse::<TokenStream>()
    };
    let rest = parser.parse2(tokens.iter().cloned().collect());
    rest.map_or(0, |rest| tokens.len() - rest.into_iter().count())
}

/// Returns the sign that stands where a comma belongs: a semicolon, or a sign behind a literal.
fn other_separator(token: &TokenTree, current: &[TokenTree], next: Option<&TokenTree>) -> Option<&'static str> {
    let after_literal = matches!(current.last(), Some(TokenTree::Literal(_)));
    let before_angle = next.is_some_and(|next| is_punct(next, '>'));
    match token {
        TokenTree::Punct(punct) => match punct.as_char() {
            ';' => Some(";"),
            ':' if after_literal => Some(":"),
            '=' if after_literal && before_angle => Some("=>"),
            '-' if after_literal && before_angle => Some("->"),
            _ => None,
        },
        _ => None,
    }
}

/// No argument has two words side by side. Where the second one may be the value of the first one, `=` is missing, and no
/// comma.
fn lacks_comma(token: &TokenTree, current: &[TokenTree], next: Option<&TokenTree>) -> bool {
    let begins_an_argument = begins_an_argument(token, next);
    let may_be_a_value = matches!(current, [TokenTree::Ident(_)]) && !begins_an_argument;
    // A type may end with a sign.
    let has_value = matches!(current, [TokenTree::Ident(_), equals, value @ ..] if is_punct(equals, '=') && !value.is_empty() && !goes_on(value));
    is_word(token) && !may_be_a_value && (current.last().is_some_and(is_word) || has_value && begins_an_argument)
}

fn begins_an_argument(token: &TokenTree, next: Option<&TokenTree>) -> bool {
    matches!(token, TokenTree::Ident(_)) && next.is_some_and(|next| is_punct(next, '='))
}

impl Argument {
    /// Creates an argument of all the tokens, unless there are none.
    fn new(tokens: &mut Vec<TokenTree>) -> Option<Self> {
        let tokens = ungrouped(std::mem::take(tokens));
        let mut list = None;
        let (key, value) = match tokens.as_slice() {
            [] => return None,
            [TokenTree::Ident(key)] => (Some(key.clone()), None),
            [TokenTree::Ident(key), TokenTree::Group(group)]
                if key == "sends" && group.delimiter() == Delimiter::Parenthesis =>
            {
                list = Some(group.stream());
                (Some(key.clone()), None)
            }
            [TokenTree::Ident(key), equals, value @ ..] if is_punct(equals, '=') && !goes_on(value) => {
                (Some(key.clone()), Some(ungrouped(value.to_vec()).into_iter().collect()))
            }
            _ => (None, None),
        };
        Some(Self {
            tokens: tokens.into_iter().collect(),
            key,
            value,
            list,
        })
    }

    /// Returns the key and the value that were likely meant in another form: `on => "close"`, `on("close")`, `"on" = ..`.
    pub(crate) fn other_form(&self) -> Option<(String, TokenStream)> {
        let mut tokens = self.tokens.clone().into_iter();
        let key = tokens.next()?.to_string();
        let mut value: Vec<_> = tokens
            .skip_while(|token| matches!(token, TokenTree::Punct(_)))
            .collect();
        if let [TokenTree::Group(group)] = value.as_slice() {
            value = group.stream().into_iter().collect();
        }
        Some((key.trim_matches('"').to_owned(), value.into_iter().collect()))
    }

    /// Parses the value, or reports it with `help`, the right way to write it.
    pub(crate) fn parse_value<T: Parse>(&self, help: &str, errors: &mut Diagnostics) -> Option<T> {
        let value = self.value.clone().unwrap_or_default();
        if value.is_empty() {
            let key = self.key.to_token_stream();
            errors.report(&self.tokens, format_args!("`{key}` needs a value"), help);
            return None;
        }
        let parsed = syn::parse2(value.clone()).ok();
        if parsed.is_none() {
            let problem = format!("unexpected value `{}`", code(value.clone()));
            errors.report(&value, problem, help);
        }
        parsed
    }

    /// Reports the value of a key that takes none.
    pub(crate) fn expect_no_value(&self, errors: &mut Diagnostics) {
        if let (Some(key), Some(value)) = (&self.key, &self.value) {
            let place = if value.is_empty() { &self.tokens } else { value };
            errors.report(
                place,
                format_args!("`{key}` takes no value"),
                format_args!("write `{key}` alone"),
            );
        }
    }
}

/// Returns `true` if these tokens make another sign of the `=` before them: `=>` or `==`.
fn goes_on(behind_equals: &[TokenTree]) -> bool {
    let next = behind_equals.first();
    next.is_some_and(|next| is_punct(next, '>') || is_punct(next, '='))
}

/// The keys of an attribute: the known ones, and those that have been given.
pub(crate) struct Keys {
    known: &'static [&'static str],
    given: Vec<(&'static str, Argument)>,
}

impl Keys {
    pub(crate) fn new(known: &'static [&'static str]) -> Self {
        Self {
            known,
            given: Vec::new(),
        }
    }

    /// Returns the key that `argument` is for, or reports why the argument is ignored.
    ///
    /// A misspelled key is reported and then counts as the key that was meant, so that its value is checked as well.
    pub(crate) fn recognize(
        &mut self,
        key: &Ident,
        argument: &Argument,
        errors: &mut Diagnostics,
    ) -> Option<&'static str> {
        let Some(&known) = self.known.iter().find(|known| key == **known) else {
            let meant = closest(&key.unraw().to_string(), self.known);
            self.report_unknown(key, meant, errors);
            return meant.filter(|meant| self.first(meant).is_none());
        };
        if let Some(first) = self.first(known) {
            let first = match &first.value {
                Some(_) => format!(", first as `{}`", code(first.tokens.clone())),
                None => String::new(),
            };
            errors.report(
                &argument.tokens,
                format!("`{known}` appears more than once{first}"),
                "remove one of them",
            );
            return None;
        }
        self.given.push((known, argument.clone()));
        Some(known)
    }

    pub(crate) fn report_unknown(&self, key: &Ident, meant: Option<&str>, errors: &mut Diagnostics) {
        match meant {
            Some(meant) => self.report_unknown_with(key, format_args!("did you mean `{meant}`?"), errors),
            None => self.report_unknown_with(key, "remove it", errors),
        }
    }

    pub(crate) fn report_unknown_with(&self, key: &Ident, help: impl Display, errors: &mut Diagnostics) {
        let problem = format!("unknown key `{key}`, expected one of {}", code_list(self.known));
        errors.report(key, problem, help);
    }

    fn first(&self, key: &str) -> Option<&Argument> {
        let first = self.given.iter().find(|(given, _)| *given == key);
        first.map(|(_, argument)| argument)
    }
}

/// Returns the tokens that a `macro_rules!` took as `$on:literal` and the like, which arrive in a group without delimiters.
fn ungrouped(mut tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    while let [TokenTree::Group(group)] = tokens.as_slice()
        && group.delimiter() == Delimiter::None
    {
        tokens = group.stream().into_iter().collect();
    }
    tokens
}

/// A path without generic arguments, whose segments may be keywords: `crate::reexports`.
pub(crate) struct ModPath(pub(crate) Path);

impl Parse for ModPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Path::parse_mod_style).map(Self)
    }
}
