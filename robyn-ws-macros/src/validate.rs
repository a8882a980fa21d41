//! All rules for an attribute and its function, except for the path. The rules that only rustc can check are in
//! `assertions`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, FnArg, GenericParam, Ident, Lit, PatType, ReturnType, Safety, Signature, Type,
    TypeReference, parse_quote,
};

use crate::{
    args::{Args, State},
    argument::{self, ungrouped},
    diagnostics::Diagnostics,
    event::Event,
    item::{Function, is_entry_point},
    method_name,
    model::{EndpointPath, Handler, Output, Types},
    path,
    runtime::Runtime,
    runtime_crate, sends,
    tokens::{anonymous, code, is_closed, mentions},
};

/// Returns the handler, or reports all its mistakes and returns the part that the compiler can check nevertheless.
pub(crate) fn validate(
    args: &Args,
    function: Option<Function>,
    errors: &mut Diagnostics,
) -> Result<Handler, Option<Box<Types>>> {
    check_path(args, errors);
    let Some(function) = function else {
        return Err(None);
    };
    check_state(args, errors);
    check_place(&function, args.blocking.is_some(), errors);
    let types = check_function(args, &function, errors);
    let finds_the_runtime = finds_the_runtime(args, errors);
    let is_associated = function.signature.receiver().is_some() || function.surroundings.block.is_some();
    if is_associated || !finds_the_runtime {
        // The checks of the compiler cannot stand in an `impl` block, and need the runtime.
        return Err(None);
    }
    if errors.is_empty() {
        Ok(handler(args, function, types))
    } else {
        Err(Some(Box::new(types)))
    }
}

pub(crate) fn check_path(args: &Args, errors: &mut Diagnostics) {
    if let Some(EndpointPath::Literal(path)) = &args.path {
        path::check(path, errors);
    }
}

pub(crate) fn finds_the_runtime(args: &Args, errors: &mut Diagnostics) -> bool {
    let attribute = format!("#[{}(.., ", args.form.name);
    args.runtime.is_some() || runtime_crate::check(&attribute, errors)
}

/// Reports the mistakes in a function, apart from its place and its receiver. Returns the part that the compiler can check.
pub(crate) fn check_function(args: &Args, function: &Function, errors: &mut Diagnostics) -> Types {
    let signature = &function.signature;
    method_name::check(args, &signature.ident, errors);
    sends::check(args, errors);
    check_mode(args, function, errors);
    check_qualifiers(signature, errors);
    check_generics(signature, errors);
    let params = check_params(signature, args.event, errors);
    match args.event {
        Some(Event::Session) => check_sockets(signature, errors),
        Some(Event::Call) => check_parameters_of_call(signature, errors),
        _ => {}
    }
    check_output(signature, args.event, errors);
    let exclusive = check_exclusive(signature, errors);
    types(args, signature, params, exclusive)
}

/// Creates the model of a function without a mistake.
pub(crate) fn handler(args: &Args, function: Function, types: Types) -> Handler {
    let Function { attrs, signature, .. } = function;
    Handler {
        path: args.path.to_token_stream(),
        place: signature.paren_token.span.join(),
        is_async: signature.asyncness.is_some(),
        blocking: args.blocking.is_some(),
        method: args.method.given().map(ToTokens::to_token_stream),
        sends: args.sends.clone(),
        docs: docs(&attrs),
        attrs: attrs.into_iter().filter_map(shared).collect(),
        types,
    }
}

/// Returns the part that the compiler can check without being misled: if the event is unclear, only the router and the
/// borrows.
fn types(
    args: &Args,
    signature: &Signature,
    params: Vec<TokenStream>,
    exclusive: Vec<(TokenStream, TokenStream)>,
) -> Types {
    let may_lack_its_event = args.event == Some(Event::Session) && signature.asyncness.is_none();
    let is_clear = !may_lack_its_event && !state_is_wrong(args);
    let (event, params, output) = match args.event {
        Some(event) if is_clear => (event, params, output(signature)),
        _ => (Event::Session, Vec::new(), Output::Never),
    };
    Types {
        name: signature.ident.clone(),
        runtime: Runtime::new(args.runtime.as_ref(), event, args.state.given()),
        view: None,
        params,
        output,
        router: args.router.as_ref().map(ToTokens::to_token_stream),
        exclusive,
    }
}

/// Returns the attribute of generated code for one of the function: it exists exactly when the function does, and may do
/// with its types what the function may. A deprecated function is still a handler, which its app calls.
pub(crate) fn shared(attr: Attribute) -> Option<Attribute> {
    let path = attr.path();
    if path.is_ident("deprecated") {
        return Some(parse_quote!(#[allow(deprecated)]));
    }
    (path.is_ident("cfg") || path.is_ident("allow")).then_some(attr)
}

/// Returns the documentation of a function, without the space that stands before each line.
fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| {
        let value = &attr.meta.require_name_value().ok()?.value;
        let Expr::Lit(ExprLit {
            lit: Lit::Str(line), ..
        }) = value
        else {
            return None;
        };
        attr.path().is_ident("doc").then(|| line.value())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Checks that `async`, `blocking` and the event fit together.
fn check_mode(args: &Args, function: &Function, errors: &mut Diagnostics) {
    let signature = &function.signature;
    let name = &signature.ident;
    let is_session = args.event == Some(Event::Session);
    let waits = signature.asyncness.is_some() || function.starts_a_runtime;
    let otherwise = args.form.one_message_at_a_time();
    if is_session && !waits && args.blocking.is_none() {
        let problem = "a session handler waits for its socket, so it has to be `async`";
        let help = format!("write `async fn {name}`, or {otherwise} to handle one message at a time");
        errors.report(&signature.fn_token, problem, help);
    }
    let Some(blocking) = &args.blocking else { return };
    if is_session {
        let problem = "a session handler cannot be `blocking`, it would hold a thread for as long as its connection";
        let help = if waits {
            format!("remove `blocking`, or {otherwise}")
        } else {
            format!("{otherwise} to handle one message at a time, or write `async fn {name}` without `blocking`")
        };
        errors.report(blocking, problem, help);
    } else if signature.asyncness.is_some() {
        let problem = "an `async` function cannot be `blocking`";
        errors.report(
            blocking,
            problem,
            format_args!("remove `blocking`, or write `fn {name}` without `async`"),
        );
    }
}

/// Checks that the handler's event has extractors with a state.
fn check_state(args: &Args, errors: &mut Diagnostics) {
    if let Some(state) = args.state.given()
        && state_is_wrong(args)
    {
        let problem = "only an `upgrade` handler has a `state`, which is for axum's extractors";
        let state_name = code(state.to_token_stream());
        let help = format!(
            "remove it, inject the value by `App::inject_global`, and take `Global<{state_name}>` as an argument"
        );
        errors.report(state, problem, help);
    }
}

/// Returns `true` if the state of the handler's extractors is not known, or if its event has none.
fn state_is_wrong(args: &Args) -> bool {
    match args.state {
        State::Absent => false,
        State::Given(_) => args.event.is_some_and(|event| event != Event::Upgrade),
        State::Wrong => true,
    }
}

fn check_qualifiers(signature: &Signature, errors: &mut Diagnostics) {
    if let Safety::Unsafe(token) = &signature.safety {
        let help = "remove `unsafe`, and put the part of the body that needs it in an `unsafe` block";
        errors.report(
            token,
            "a handler cannot be `unsafe`, its caller can promise nothing",
            help,
        );
    }
    if let Some(abi) = &signature.abi {
        let help = format!("remove `{}`", code(abi.to_token_stream()));
        errors.report(abi, "a handler is called from Rust, with Rust's own ABI", help);
    }
    if signature.variadic.is_some() {
        errors.leave_to_compiler();
    }
}

/// Checks that it is a free function, which only its app calls.
fn check_place(function: &Function, is_blocking: bool, errors: &mut Diagnostics) {
    let name = &function.signature.ident;
    if let Some(receiver) = function.signature.receiver() {
        if function.surroundings.is_free {
            return errors.leave_to_compiler();
        }
        let help = "move it out of the `impl` block and take the state as `&mut S`, or write `#[websocket_view(..)]` on the block";
        errors.report(receiver, "a handler is a free function, it has no `self`", help);
    } else if let Some(block) = function.surroundings.block {
        let problem = "a handler is a free function, it is not associated with a type";
        let or_as_a_view = match block {
            "impl" => ", or write `#[websocket_view(..)]` on the block",
            _ => "",
        };
        let help = format!("move it out of the `{block}` block{or_as_a_view}");
        errors.report(name, problem, help);
    }
    for attr in function.attrs.iter().filter(|attr| is_entry_point(attr)) {
        report_entry_point(attr, errors);
    }
    if function.starts_a_runtime && !is_blocking && !function.is_entry_point() {
        let problem = "a handler runs on the runtime of its app, it cannot start another one";
        errors.report(name, problem, "remove `#[tokio::main]`");
    }
}

pub(crate) fn report_entry_point(attr: &Attribute, errors: &mut Diagnostics) {
    let path = match attr.path().segments.last() {
        // `#[tokio::test]` has become `#[::core::prelude::v1::test]`.
        Some(last) if attr.path().leading_colon.is_some() => last.ident.to_string(),
        _ => code(attr.path().to_token_stream()),
    };
    let problem = format!("a handler is called by its app, it cannot be a `#[{path}]` as well");
    errors.report(attr, problem, format_args!("remove `#[{path}]`"));
}

fn check_generics(signature: &Signature, errors: &mut Diagnostics) {
    let params = signature
        .generics
        .params
        .iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)));
    let params: Vec<_> = params.collect();
    for lifetime in signature.generics.lifetimes() {
        if let Some(bound) = lifetime.bounds.iter().find(|bound| bound.ident == "static") {
            let problem = "what a handler borrows lives as long as the handler runs, not `'static`";
            errors.report(bound, problem, "remove `: 'static`");
        }
    }
    if !params.is_empty() {
        let help = "write the concrete types, or call the generic function from one handler for each of them";
        errors.report(
            &quote!(#(#params),*),
            "a handler is one function, it cannot be generic",
            help,
        );
    }
}

/// Checks each parameter for itself, and returns the types of the well-formed ones.
fn check_params(signature: &Signature, event: Option<Event>, errors: &mut Diagnostics) -> Vec<TokenStream> {
    let mut types = Vec::new();
    for param in typed_params(signature) {
        let ty = param.ty.to_token_stream();
        if let Some(cfg) = param.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            let help = "write the function once for each configuration, with `#[cfg(..)]` on it";
            errors.report(cfg, "an argument of a handler cannot be conditional", help);
        } else if argument::check(&param.ty, event, errors) && !mentions(ty.clone(), &type_params(signature)) {
            types.push(anonymous(ty));
        }
    }
    types
}

fn check_sockets(signature: &Signature, errors: &mut Diagnostics) {
    let sockets = typed_params(signature).filter(|param| argument::is_named(&param.ty, "WebSocket"));
    for second in sockets.skip(1) {
        let help = "take it once, and send from elsewhere with `socket.connector()`";
        errors.report(&second.ty, "a session handler has one socket", help);
    }
}

fn check_parameters_of_call(signature: &Signature, errors: &mut Diagnostics) {
    let all = typed_params(signature).filter(|param| argument::is_named(&param.ty, "Params"));
    for second in all.skip(1) {
        let help = "take them once, such as `Params((symbol, amount)): Params<(String, u32)>`";
        errors.report(&second.ty, "a call has one `Params`, with all parameters", help);
    }
}

/// Checks that no state is borrowed as `&mut` and once more. Returns the pairs of types for which only the compiler can
/// tell, because one may be an alias of the other.
fn check_exclusive(signature: &Signature, errors: &mut Diagnostics) -> Vec<(TokenStream, TokenStream)> {
    let references: Vec<_> = typed_params(signature)
        .filter_map(|param| Some((param, argument::reference(&param.ty)?)))
        .collect();
    let mut unclear = Vec::new();
    for (position, (param, second)) in references.iter().enumerate() {
        let is_exclusive = |first: &TypeReference| first.mutability.is_some() || second.mutability.is_some();
        let earlier = || references[..position].iter().filter(|(_, first)| is_exclusive(first));
        let other = second.elem.to_token_stream();
        let name = code(other.clone());
        if let Some((first, _)) = earlier().find(|(_, first)| name == code(first.elem.to_token_stream())) {
            let first = code(first.to_token_stream());
            let problem = format!("`{name}` is taken twice, once as `&mut`, first as `{first}`");
            errors.report(&param.ty, problem, format_args!("take it once, as `&mut {name}`"));
        } else if is_closed(other.clone()) {
            let firsts = earlier().map(|(_, first)| first.elem.to_token_stream());
            unclear.extend(
                firsts
                    .filter(|one| is_closed(one.clone()))
                    .map(|one| (one, other.clone())),
            );
        }
    }
    unclear
}

pub(crate) fn typed_params(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(param) => Some(param),
        FnArg::Receiver(_) => None,
    })
}

/// Checks that the compiler takes the output, and that an error that only its trait names can be kept for the log.
fn check_output(signature: &Signature, event: Option<Event>, errors: &mut Diagnostics) {
    let ReturnType::Type(_, ty) = &signature.output else {
        return;
    };
    if argument::is_unsized(ty) {
        return errors.leave_to_compiler();
    }
    if event != Some(Event::Upgrade)
        && typed_params(signature).any(|param| argument::borrows(&param.ty))
        && let Some(error) = argument::borrowing_error(ty)
    {
        let problem = "the error of a handler is kept for the log, but this one may borrow from the arguments";
        let help = format!("write `{} + use<>`, or name the type of the error", code(error.clone()));
        errors.report(&error, problem, help);
    }
}

fn output(signature: &Signature) -> Output {
    match &signature.output {
        ReturnType::Default => Output::Type(quote!(())),
        ReturnType::Type(_, ty) if matches!(ungrouped(ty), Type::Never(_)) || argument::is_unsized(ty) => Output::Never,
        ReturnType::Type(_, ty) => {
            let tokens = ty.to_token_stream();
            if mentions(tokens.clone(), &["impl"]) || mentions(tokens.clone(), &type_params(signature)) {
                Output::Inferred(tokens)
            } else {
                Output::Type(anonymous(tokens))
            }
        }
    }
}

fn type_params(signature: &Signature) -> Vec<String> {
    let idents = signature.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    idents.map(Ident::to_string).collect()
}
