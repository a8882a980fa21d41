//! All rules for an attribute and its function, except for the path. The rules that only rustc can check are in
//! `assertions`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Attribute, FnArg, GenericArgument, GenericParam, Ident, PatType, PathArguments, ReturnType, Safety, Signature,
    Type, TypeReference,
};

use crate::{
    args::Args,
    diagnostics::Diagnostics,
    event::Event,
    item::Item,
    model::{EndpointPath, Handler, Output, Types},
    path,
    runtime::Runtime,
    tokens::{anonymous, code, is_closed, mentions},
};

/// Returns the handler, or reports all its mistakes and returns the part that the compiler can check nevertheless.
pub(crate) fn validate(
    args: &Args,
    item: Option<Item>,
    errors: &mut Diagnostics,
) -> Result<Handler, Option<Box<Types>>> {
    check_path(args, errors);
    let Some(Item { attrs, signature }) = item else {
        return Err(None);
    };
    if let Some(receiver) = signature.receiver() {
        let help = "move it out of the `impl` block and take the state as `&mut S`, or write `#[websocket_view(..)]` on the block";
        errors.report(receiver, "a handler is a free function, it has no `self`", help);
    }
    let types = check_function(args, &signature, errors);
    if errors.is_empty() {
        Ok(handler(args, attrs, &signature, types))
    } else {
        // The checks cannot stand in an `impl` block.
        Err(signature.receiver().is_none().then(|| Box::new(types)))
    }
}

pub(crate) fn check_path(args: &Args, errors: &mut Diagnostics) {
    if let Some(EndpointPath::Literal(path)) = &args.path {
        path::check(path, errors);
    }
}

/// Reports the mistakes in a function, apart from its receiver, and returns the part that the compiler can check.
pub(crate) fn check_function(args: &Args, signature: &Signature, errors: &mut Diagnostics) -> Types {
    check_mode(args, signature, errors);
    check_qualifiers(signature, errors);
    check_generics(signature, errors);
    let params = check_params(signature, errors);
    let exclusive = check_exclusive(signature, errors);
    types(args, signature, params, exclusive)
}

/// Creates the model of a function without a mistake.
pub(crate) fn handler(args: &Args, attrs: Vec<Attribute>, signature: &Signature, types: Types) -> Handler {
    Handler {
        path: args.path.to_token_stream(),
        place: signature.paren_token.span.open(),
        is_async: signature.asyncness.is_some(),
        blocking: args.blocking.is_some(),
        attrs: attrs.into_iter().filter(is_shared).collect(),
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
    let (event, params, output) = match args.event {
        Some(event) if !may_lack_its_event => (event, params, output(signature)),
        _ => (Event::Session, Vec::new(), Output::Never),
    };
    Types {
        name: signature.ident.clone(),
        runtime: Runtime::new(args.runtime.as_ref(), event),
        view: None,
        params,
        output,
        router: args.router.as_ref().map(ToTokens::to_token_stream),
        exclusive,
    }
}

/// Generated code exists exactly when the function does, and may do with its types what the function may.
pub(crate) fn is_shared(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("allow")
}

/// Checks that `async`, `blocking` and the event fit together.
fn check_mode(args: &Args, signature: &Signature, errors: &mut Diagnostics) {
    let name = &signature.ident;
    let is_session = args.event == Some(Event::Session);
    if is_session && signature.asyncness.is_none() {
        let problem = "a session handler waits for its socket, so it has to be `async`";
        let otherwise = args.form.one_message_at_a_time();
        let help = format!("write `async fn {name}`, or {otherwise} to handle one message at a time");
        errors.report(&signature.fn_token, problem, help);
    }
    let Some(blocking) = &args.blocking else { return };
    if is_session {
        let problem = "a session handler cannot be `blocking`, it would hold a thread for as long as its connection";
        let otherwise = args.form.one_message_at_a_time();
        errors.report(blocking, problem, format_args!("remove `blocking`, or {otherwise}"));
    } else if signature.asyncness.is_some() {
        let problem = "an `async` function cannot be `blocking`";
        errors.report(
            blocking,
            problem,
            format_args!("remove `blocking`, or write `fn {name}` without `async`"),
        );
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
    if let Some(variadic) = &signature.variadic {
        errors.report(&variadic.dots, "a handler cannot be variadic", "remove `...`");
    }
}

fn check_generics(signature: &Signature, errors: &mut Diagnostics) {
    let params = signature
        .generics
        .params
        .iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)));
    let params: Vec<_> = params.collect();
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
fn check_params(signature: &Signature, errors: &mut Diagnostics) -> Vec<TokenStream> {
    let mut types = Vec::new();
    for param in typed_params(signature) {
        let ty = &param.ty;
        if let Some(cfg) = param.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            let help = "write the function once for each configuration, with `#[cfg(..)]` on it";
            errors.report(cfg, "an argument of a handler cannot be conditional", help);
        } else if mentions(ty.to_token_stream(), &["impl"]) {
            let problem = "what a handler takes is chosen by its type, which `impl Trait` leaves open";
            errors.report(
                ty,
                problem,
                format_args!("write the concrete type instead of `{}`", code(ty.to_token_stream())),
            );
        } else if let Some(message) = static_message(ty) {
            let problem = "what a handler borrows lives as long as the handler runs, not `'static`";
            errors.report(ty, problem, message);
        } else if !mentions(ty.to_token_stream(), &type_params(signature)) {
            types.push(anonymous(ty.to_token_stream()));
        }
    }
    types
}

/// Returns what to write instead of `&'static str` and `&'static [u8]`, since a message does not live that long.
///
/// Other types may have an extractor that finds them in a `static`.
fn static_message(ty: &Type) -> Option<&'static str> {
    let Type::Reference(reference) = ungrouped(ty) else {
        return None;
    };
    if reference.lifetime.as_ref()?.ident != "static" {
        return None;
    }
    match ungrouped(&reference.elem) {
        Type::Path(path) if path.path.is_ident("str") => Some("write `&str`, or take `String` to keep it"),
        Type::Slice(slice) if code(slice.elem.to_token_stream()) == "u8" => {
            Some("write `&[u8]`, or take `Bytes` to keep it")
        }
        _ => None,
    }
}

/// Checks that no state is borrowed as `&mut` and once more. Returns the pairs of types for which only the compiler can
/// tell, because one may be an alias of the other.
fn check_exclusive(signature: &Signature, errors: &mut Diagnostics) -> Vec<(TokenStream, TokenStream)> {
    let references: Vec<_> = typed_params(signature)
        .filter_map(|param| Some((param, reference(&param.ty)?)))
        .collect();
    let mut unclear = Vec::new();
    for (position, (param, second)) in references.iter().enumerate() {
        for (first_param, first) in &references[..position] {
            if first.mutability.is_none() && second.mutability.is_none() {
                continue;
            }
            let (one, other) = (first.elem.to_token_stream(), second.elem.to_token_stream());
            let name = code(other.clone());
            if name == code(one.clone()) {
                let first = code(first_param.to_token_stream());
                let problem = format!("`{name}` is taken twice, once as `&mut`, first as `{first}`");
                errors.report(&param.ty, problem, format_args!("take it once, as `&mut {name}`"));
                break;
            }
            if is_closed(one.clone()) && is_closed(other.clone()) {
                unclear.push((one, other));
            }
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

/// Returns the reference that a parameter of this type takes, also inside of `Option` or `Result`.
pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match ungrouped(ty) {
        Type::Reference(reference) => Some(reference),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) if last.ident == "Option" || last.ident == "Result" => {
                    match arguments.args.first()? {
                        GenericArgument::Type(ty) => reference(ty),
                        _ => None,
                    }
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns the type in parentheses, or in the group in which `$ty:ty` of a `macro_rules!` arrives.
pub(crate) fn ungrouped(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        };
    }
}

fn output(signature: &Signature) -> Output {
    match &signature.output {
        ReturnType::Default => Output::Type(quote!(())),
        ReturnType::Type(_, ty) if matches!(ungrouped(ty), Type::Never(_)) => Output::Never,
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
