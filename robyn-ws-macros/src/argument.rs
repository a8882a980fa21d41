//! The rules for the type of one argument, as far as its tokens show them. The compiler checks what they do not show.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Path, PathArguments, Type, TypeReference};

use crate::{
    diagnostics::Diagnostics,
    event::Event,
    tokens::{code, is_punct, mentions},
};

/// Reports why no handler for `event` can take a `ty`. Returns `true` if there is nothing to report.
pub(crate) fn check(ty: &Type, event: Option<Event>, errors: &mut Diagnostics) -> bool {
    if mentions(ty.to_token_stream(), &["impl"]) {
        let problem = "what a handler takes is chosen by its type, which `impl Trait` leaves open";
        let help = format!("write the concrete type instead of `{}`", code(ty.to_token_stream()));
        errors.report(ty, problem, help);
        return false;
    }
    if is_unsized(ty) {
        errors.leave_to_compiler();
        return false;
    }
    is_borrowed_for_the_handler(ty, event, errors)
        && is_injected_by_a_sized_type(ty, errors)
        && owns_its_parameters(ty, errors)
}

/// Refuses `Path<&str>`: parameters are decoded before they are read.
fn owns_its_parameters(ty: &Type, errors: &mut Diagnostics) -> bool {
    let Some((wrapper, Type::Reference(reference))) =
        wrapped(ty, &["Path", "Query"]).map(|(wrapper, read)| (wrapper, ungrouped(read)))
    else {
        return true;
    };
    if is_static(reference) {
        return true;
    }
    let owned = match code(reference.elem.to_token_stream()).as_str() {
        "str" => "String".to_owned(),
        elem => elem.to_owned(),
    };
    let problem = format!("`{wrapper}` decodes what a client sends, so nothing can be borrowed from it");
    errors.report(reference, problem, format_args!("write `{wrapper}<{owned}>`"));
    false
}

/// Refuses `&'static S`: the message, the request and the states of a connection do not live that long.
fn is_borrowed_for_the_handler(ty: &Type, event: Option<Event>, errors: &mut Diagnostics) -> bool {
    let Some(reference) = borrowed(ty).filter(|reference| is_static(reference)) else {
        return true;
    };
    let elem = ungrouped(&reference.elem);
    let name = code(elem.to_token_stream());
    let help = match name.as_str() {
        "str" => "write `&str`, or take `String` to keep it".to_owned(),
        "[u8]" => "write `&[u8]`, or take `Bytes` to keep it".to_owned(),
        // axum's extractors may find others in a `static`.
        "HeaderMap" | "Uri" | "Method" => format!("write `&{name}`"),
        _ if event == Some(Event::Upgrade) => return true,
        _ if reference.mutability.is_some() => format!("write `&mut {name}`"),
        _ => format!("write `&{name}`"),
    };
    let problem = "what a handler borrows lives as long as the handler runs, not `'static`";
    errors.report(reference, problem, help);
    false
}

/// Refuses `Global<dyn Trait>`: a value is injected by its own type, which is sized.
fn is_injected_by_a_sized_type(ty: &Type, errors: &mut Diagnostics) -> bool {
    let Some((wrapper, injected)) = wrapped(ty, &["Global", "Scoped"]) else {
        return true;
    };
    let injected = ungrouped(injected);
    let name = code(injected.to_token_stream());
    match injected {
        _ if is_unsized(injected) => {}
        Type::Reference(reference) if !is_static(reference) => {
            let owned = match ungrouped(&reference.elem) {
                unsized_type @ (Type::TraitObject(_) | Type::Slice(_)) => {
                    format!("Arc<{}>", code(unsized_type.to_token_stream()))
                }
                Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
                owned => code(owned.to_token_stream()),
            };
            let problem = format!("`{wrapper}` shares a value that the app owns, not a `{name}`");
            errors.report(injected, problem, format_args!("write `{wrapper}<{owned}>`"));
            return false;
        }
        _ => return true,
    }
    let problem = format!("`{wrapper}` finds a value by its type, and no value has the type `{name}`");
    let help = format!("write `{wrapper}<Arc<{name}>>`, and inject an `Arc<{name}>`");
    errors.report(injected, problem, help);
    false
}

/// Returns `true` for a type that no function can take or return.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    match taken(ty) {
        Type::TraitObject(_) | Type::Slice(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    }
}

/// Returns `true` if a parameter of this type takes a type of this name, such as the socket of a session handler, also inside
/// of `Option` or `Result`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(taken(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Returns the reference that a parameter of this type takes, also inside of `Option` or `Result`.
pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match taken(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// Returns the reference to a message, a request or a state: it can also be what a JSON text is parsed to.
fn borrowed(ty: &Type) -> Option<&TypeReference> {
    reference(ty).or_else(|| wrapped(ty, &["Json", "Params"]).and_then(|(_, inner)| reference(inner)))
}

/// Returns the first type argument of a type with one of these names, and the name.
fn wrapped<'a>(ty: &'a Type, names: &[&'static str]) -> Option<(&'static str, &'a Type)> {
    let Type::Path(path) = taken(ty) else { return None };
    let name = names
        .iter()
        .find(|name| path.path.segments.last().is_some_and(|last| last.ident == **name))?;
    Some((name, first_argument(&path.path)?))
}

/// Returns the type that the runtime takes: an `Option` or a `Result` only says what to do without it.
fn taken(ty: &Type) -> &Type {
    let ty = ungrouped(ty);
    match ty {
        Type::Path(path)
            if path
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Option" || last.ident == "Result") =>
        {
            first_argument(&path.path).map_or(ty, taken)
        }
        _ => ty,
    }
}

fn first_argument(path: &Path) -> Option<&Type> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn is_static(reference: &TypeReference) -> bool {
    reference
        .lifetime
        .as_ref()
        .is_some_and(|lifetime| lifetime.ident == "static")
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

/// Returns `true` if the tokens of a type show a lifetime.
pub(crate) fn borrows(ty: &Type) -> bool {
    fn has_sign(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match &token {
            TokenTree::Group(group) => has_sign(group.stream()),
            token => is_punct(token, '&') || is_punct(token, '\''),
        })
    }
    has_sign(ty.to_token_stream())
}

/// Returns the tokens of the output's error if it is an `impl Error` that borrows from the arguments: a `HandlerError`
/// keeps its error.
pub(crate) fn borrowing_error(output: &Type) -> Option<TokenStream> {
    let Type::Path(path) = ungrouped(output) else {
        return None;
    };
    let last = path.path.segments.last()?;
    if last.ident == "Option" {
        return borrowing_error(first_argument(&path.path)?);
    }
    if last.ident != "Result" {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let GenericArgument::Type(error) = arguments.args.get(1)? else {
        return None;
    };
    let Type::ImplTrait(error) = ungrouped(error) else {
        return None;
    };
    let tokens = error.to_token_stream();
    let is_error = error.bounds.iter().any(|bound| {
        let path = syn::parse2::<Path>(bound.to_token_stream());
        path.is_ok_and(|path| path.segments.last().is_some_and(|last| last.ident == "Error"))
    });
    (is_error && !mentions(tokens.clone(), &["use", "static"])).then_some(tokens)
}
