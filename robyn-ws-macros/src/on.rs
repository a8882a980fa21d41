//! Parses the event that `on` gives, in all the forms that are meant.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, LitStr};

use crate::{args::help, diagnostics::Diagnostics, event::Event, grammar::Argument};

/// Returns the event of `on = "message"`. A wrong value is reported, and the event that was likely meant is returned.
pub(crate) fn event(argument: &Argument, errors: &mut Diagnostics) -> Option<Event> {
    match argument.parse_value(help("on"), errors)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(name), ..
        }) => event_named(&name, errors),
        Expr::Path(path) => {
            let name = last_segment(&path.to_token_stream());
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

/// Returns `message` of `Event::message` and of `message()`.
pub(crate) fn last_segment(tokens: &TokenStream) -> Option<String> {
    let path = match syn::parse2(tokens.clone()).ok()? {
        Expr::Call(call) => *call.func,
        other => other,
    };
    let Expr::Path(path) = path else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}
