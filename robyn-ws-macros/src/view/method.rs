//! From a method to the model of its handler.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Ident, LitStr, ReceiverKind, Signature, Type, ext::IdentExt};

use super::{
    block::{Block, Method, conditional_views},
    names, state,
};
use crate::{
    args::Args,
    argument::{reference, ungrouped},
    diagnostics::Diagnostics,
    event::Event,
    grammar::{Argument, Keys, arguments},
    item::{Function, is_entry_point},
    method_name::MethodName,
    model::{Handler, Output, Receiver, Types, View},
    surroundings::Surroundings,
    tokens::{code, is_closed, mentions, renamed},
    validate::{check_function, handler, report_entry_point, typed_params},
};

const KEYS: &[&str] = &["blocking"];

/// Checks the methods of a view, and returns the handlers among them.
pub(crate) fn check(block: &mut Block, args: &mut Args, errors: &mut Diagnostics) -> Vec<Handler> {
    names::check(block, errors);
    check_state(block, args, errors);
    let methods = std::mem::take(&mut block.methods);
    let mut handlers = Vec::new();
    for method in methods {
        check_attributes(&method, errors);
        match names::event(&method) {
            Some(event) => handlers.push(check_event(block, event, method, args, errors)),
            None => check_ordinary(&method, errors),
        }
    }
    handlers
}

fn check_event(block: &Block, event: Event, method: Method, args: &mut Args, errors: &mut Diagnostics) -> Handler {
    let Method { attrs, signature } = method;
    args.event = Some(event);
    args.blocking = blocking(&attrs, errors);
    args.method = called(event, &attrs, &signature.ident, errors);
    for attr in attrs.iter().filter(|attr| is_entry_point(attr)) {
        // A test is a free function, says the compiler.
        match attr.path().segments.last() {
            Some(last) if last.ident == "main" => report_entry_point(attr, errors),
            _ => errors.leave_to_compiler(),
        }
    }
    let receiver = receiver(&block.ty, &signature, event, errors);
    let function = Function {
        attrs,
        signature,
        starts_a_runtime: false,
        surroundings: Surroundings::default(),
    };
    // Only the extractors of `upgrade` have a state.
    let state = std::mem::take(&mut args.state);
    let mut types = if event == Event::Upgrade {
        args.state = state;
        check_function(args, &function, errors)
    } else {
        let types = check_function(args, &function, errors);
        args.state = state;
        types
    };
    if let Some(receiver) = &receiver {
        check_exclusive(&block.ty, receiver, &function.signature, &mut types, errors);
    }
    types.view = Some(View {
        ty: block.ty.clone(),
        is_returned: event == Event::Upgrade && names_view(&types.output, &block.ty),
        receiver,
    });
    without_self(&mut types);
    handler(args, function, types)
}

fn check_ordinary(method: &Method, errors: &mut Diagnostics) {
    for attr in method.attrs.iter().filter(|attr| attr.path().is_ident("view")) {
        let problem = format!(
            "`{}` is an ordinary method, and `#[view]` is for events",
            method.signature.ident
        );
        errors.report(attr, problem, "remove the attribute");
    }
}

/// Checks that the view has extractors with a state.
fn check_state(block: &Block, args: &Args, errors: &mut Diagnostics) {
    let has_upgrade = block
        .methods
        .iter()
        .any(|method| names::event(method) == Some(Event::Upgrade));
    if let Some(state) = args.state.given()
        && !has_upgrade
        && block.unread == 0
    {
        let problem = "only an `upgrade` method has a `state`, which is for axum's extractors";
        errors.report(state, problem, "remove it, or take it in a method `upgrade`");
    }
}

/// Reports the attribute of a function, and a conditional one.
fn check_attributes(method: &Method, errors: &mut Diagnostics) {
    let conditional = method.attrs.iter().filter(|attr| attr.path().is_ident("cfg_attr"));
    for attr in conditional
        .filter_map(|attr| attr.parse_args().ok())
        .flat_map(conditional_views)
    {
        let help = "write the method once for each configuration, with `#[cfg(..)]` on it";
        let name = code(attr.path().to_token_stream());
        errors.report(&attr, format_args!("`#[{name}]` cannot be conditional"), help);
    }
    for attr in method.attrs.iter().filter(|attr| is_websocket(attr)) {
        let name = &method.signature.ident;
        let problem = format!("`{name}` is a method of a view, whose event is its name");
        errors.report(
            attr,
            problem,
            "remove the attribute, and name the method after its event",
        );
    }
}

fn is_websocket(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "websocket")
}

/// Returns the name of a call, which is that of its method.
fn called(event: Event, attrs: &[Attribute], name: &Ident, errors: &mut Diagnostics) -> MethodName {
    if event != Event::Call {
        return MethodName::Absent;
    }
    let calls = || attrs.iter().filter(|attr| names::is_call(attr));
    for attr in calls().filter(|attr| attr.meta.require_path_only().is_err()) {
        let problem = "`#[call]` takes no arguments, the name of the call is that of the method";
        errors.report(attr, problem, "write `#[call]` alone");
    }
    for second in calls().skip(1) {
        errors.report(second, "`#[call]` appears more than once", "remove one of them");
    }
    MethodName::Given(LitStr::new(&name.unraw().to_string(), name.span()))
}

/// Returns the word `blocking` of `#[view(blocking)]`.
fn blocking(attrs: &[Attribute], errors: &mut Diagnostics) -> Option<Ident> {
    let mut keys = Keys::new(KEYS);
    let mut blocking = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("view")) {
        let Ok(tokens) = attr.parse_args::<TokenStream>() else {
            errors.report(attr, "the arguments are missing", "write `#[view(blocking)]`");
            continue;
        };
        for argument in arguments(tokens, KEYS, errors) {
            blocking = word(&argument, &mut keys, errors).or(blocking);
        }
    }
    blocking
}

fn word(argument: &Argument, keys: &mut Keys, errors: &mut Diagnostics) -> Option<Ident> {
    let Some(key) = &argument.key else {
        let problem = format!("expected a key, found `{}`", code(argument.tokens.clone()));
        errors.report(&argument.tokens, problem, "write `#[view(blocking)]`");
        return None;
    };
    keys.recognize(key, argument, errors)?;
    argument.expect_no_value(errors);
    Some(key.clone())
}

/// Returns the receiver, or reports one that a connection's state cannot be lent to.
fn receiver(view: &TokenStream, signature: &Signature, event: Event, errors: &mut Diagnostics) -> Option<Receiver> {
    let receiver = signature.receiver()?;
    if event == Event::Upgrade {
        let problem = "there is no connection yet, and so no `self`: `upgrade` creates it";
        errors.report(
            receiver,
            problem,
            "remove the receiver, and return `Self` or `Result<Self, R>`",
        );
        return None;
    }
    let (lifetime, mutability) = match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, mutability) => (lifetime.as_ref(), mutability.is_some()),
        ReceiverKind::Typed(_, ty) => match ungrouped(ty) {
            Type::Reference(reference) if is_view(&reference.elem, view) => {
                (reference.lifetime.as_ref(), reference.mutability.is_some())
            }
            _ => return unborrowed(receiver, errors),
        },
        _ => return unborrowed(receiver, errors),
    };
    if lifetime.is_some_and(|lifetime| lifetime.ident == "static") {
        let help = if mutability {
            "write `&mut self`"
        } else {
            "write `&self`"
        };
        let problem = "what a handler borrows lives as long as the handler runs, not `'static`";
        errors.report(receiver, problem, help);
        return None;
    }
    Some(Receiver {
        tokens: receiver.to_token_stream(),
        is_shared: !mutability,
    })
}

fn unborrowed(receiver: &syn::Receiver, errors: &mut Diagnostics) -> Option<Receiver> {
    let problem = "the state stays with its connection, a method can only borrow it";
    errors.report(receiver, problem, "write `&mut self`, or `&self` to read only");
    None
}

/// Checks that no argument borrows the state that the receiver has as `&mut`, or the other way round. An argument whose
/// type may be an alias is left to the compiler.
fn check_exclusive(
    view: &TokenStream,
    receiver: &Receiver,
    signature: &Signature,
    types: &mut Types,
    errors: &mut Diagnostics,
) {
    for param in typed_params(signature) {
        let Some(reference) = reference(&param.ty) else {
            continue;
        };
        if receiver.is_shared && reference.mutability.is_none() {
            continue;
        }
        let elem = reference.elem.to_token_stream();
        if is_view(&reference.elem, view) {
            let problem = "the state is taken twice, first as `self`";
            errors.report(&param.ty, problem, "take it once, as `&mut self`");
        } else if is_closed(elem.clone()) && !is_primitive(&reference.elem) {
            types.exclusive.push((quote!(Self), elem));
        }
    }
}

/// Returns `true` if the tokens of `ty` name the view.
fn is_view(ty: &Type, view: &TokenStream) -> bool {
    let name = code(ty.to_token_stream());
    name == "Self" || name == code(view.clone())
}

/// Returns `true` for text and bytes, which are never a state.
fn is_primitive(ty: &Type) -> bool {
    matches!(ty, Type::Slice(_)) || matches!(ty, Type::Path(path) if path.path.is_ident("str"))
}

/// Returns `true` if the output of `upgrade` has the view in it.
fn names_view(output: &Output, view: &TokenStream) -> bool {
    let (Output::Type(tokens) | Output::Inferred(tokens)) = output else {
        return false;
    };
    let path = syn::parse2::<syn::Path>(view.clone());
    let name = path
        .ok()
        .and_then(|path| path.segments.last().map(|last| last.ident.to_string()));
    mentions(tokens.clone(), &["Self".to_owned(), name.unwrap_or_default()])
}

/// Generated code stands outside of the `impl` block, where `Self` needs another name.
fn without_self(types: &mut Types) {
    let replace = |tokens: &mut TokenStream| *tokens = renamed(tokens.clone(), "Self", state::ALIAS);
    types.params.iter_mut().for_each(replace);
    for (one, other) in &mut types.exclusive {
        replace(one);
        replace(other);
    }
    if let Output::Type(tokens) | Output::Inferred(tokens) = &mut types.output {
        replace(tokens);
    }
}
