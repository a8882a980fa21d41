//! The name under which a `call` handler is called.

use syn::LitStr;

use crate::{
    args::{Args, help},
    diagnostics::Diagnostics,
    event::Event,
    grammar::Argument,
};

/// The value of `method`.
pub(crate) enum MethodName {
    Absent,
    Given(LitStr),
    Wrong,
}

impl MethodName {
    pub(crate) fn given(&self) -> Option<&LitStr> {
        match self {
            Self::Given(name) => Some(name),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// Reports a method without an event. Returns `true` if there is one.
    pub(crate) fn lacks_its_event(&self, errors: &mut Diagnostics) -> bool {
        if let Some(name) = self.given() {
            let problem = "the event is missing, a method belongs to a `call` handler";
            errors.report(name, problem, "add `on = \"call\"`");
        }
        !matches!(self, Self::Absent)
    }
}

pub(crate) fn parse(argument: &Argument, errors: &mut Diagnostics) -> MethodName {
    let Some(name) = argument.parse_value::<LitStr>(help("method"), errors) else {
        return MethodName::Wrong;
    };
    let text = name.value();
    if text.is_empty() {
        errors.report(&name, "the method has no name", help("method"));
        return MethodName::Wrong;
    }
    // JSON-RPC 2.0 section 4.
    if let Some(rest) = text.strip_prefix("rpc.") {
        let problem = "JSON-RPC reserves the names that begin with `rpc.` for itself";
        errors.report(&name, problem, format_args!("write `method = \"{rest}\"`"));
        return MethodName::Wrong;
    }
    MethodName::Given(name)
}

/// Checks that a `call` handler has a method, and no other handler has one.
pub(crate) fn check(args: &Args, function: &syn::Ident, errors: &mut Diagnostics) {
    match (args.event, &args.method) {
        (Some(Event::Call), MethodName::Absent) => {
            let problem = "a `call` handler has a method, the name that clients call";
            errors.report(&args.on, problem, format_args!("add `method = \"{function}\"`"));
        }
        (Some(event), MethodName::Given(name)) if event != Event::Call => {
            let problem = "only a `call` handler has a method";
            errors.report(name, problem, "write `on = \"call\"`, or remove `method`");
        }
        _ => {}
    }
}
