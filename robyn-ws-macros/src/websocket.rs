//! `#[websocket]` on one screen: parse, validate, and expand, or fall back.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Attribute;

use crate::{
    args::Args,
    compiler,
    diagnostics::Diagnostics,
    editor::{self, Words},
    expand::expand,
    fallback::fallback,
    form::Form,
    item::{Function, Item, without_entry_points},
    validate::validate,
};

pub(crate) fn websocket(attr: TokenStream, item: &TokenStream) -> TokenStream {
    if is_key_with_value() {
        // The compiler has reported that already.
        return item.clone();
    }
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr.clone(), &Form::FUNCTION, &mut errors);
    let parsed = Item::parse(item.clone(), &mut errors);
    if matches!(parsed, Item::Unreadable) {
        errors.leave_to_compiler();
    }
    let function = parsed.function();
    let copy = function.as_ref().and_then(|function| copy(item, function));
    let is_entry_point = function.as_ref().is_some_and(Function::is_entry_point);
    let (attrs, checked) = match validate(&args, function, &mut errors) {
        Ok(handler) => {
            let entry = expand(&handler);
            (handler.attrs, Some((entry, handler.types.runtime.import)))
        }
        Err(types) => (Vec::new(), types.map(|types| (fallback(&types), types.runtime.import))),
    };
    let refused = errors.has_others.then(refused);
    let errors = errors.into_compile_errors();
    // The function of an `impl` block has nothing that can be checked beside it.
    let beside = checked.map(|(checked, import)| {
        let mentioned = || editor::mentions(attr, Words::FUNCTION);
        beside(&attrs, &import, &quote!(#copy #checked), mentioned)
    });
    let rest = is_entry_point.then(|| without_entry_points(item));
    let item = rest.as_ref().unwrap_or(item);
    // The errors quote the words of the attribute, so they come last, as `beside` explains.
    quote!(#item #beside #refused #errors)
}

/// Generates the item that stands beside the function: one for the compiler, and one for editors. The compiler is not
/// given the other one where it is known, since it would read that in each handler, at each run.
///
/// To complete a word, an editor looks for its place in this code and in that for a longer word. So the code that depends on
/// whether a word is right comes last.
pub(crate) fn beside(
    attrs: &[Attribute],
    import: &TokenStream,
    checked: &TokenStream,
    mentioned: impl FnOnce() -> TokenStream,
) -> TokenStream {
    // There is no `allow` that a crate might forbid: the compiler shows most lints only for code that is not generated.
    if compiler::OPTIONS.is_some() {
        return quote! {
            #(#attrs)*
            const _: () = { #import #checked };
        };
    }
    let mentioned = mentioned();
    // rust-analyzer sets this `cfg`, which the compiler does not know.
    quote! {
        #(#attrs)*
        #[allow(unexpected_cfgs)]
        const _: () = {
            #import
            #[cfg(rust_analyzer)]
            const _: () = { #mentioned };
            #[cfg(not(rust_analyzer))]
            const _: () = { #checked };
        };
    }
}

/// Copies a function that shares its name with another one, to stand next to the call.
///
/// The compiler reports the second function, and takes the name for the first one: the call would not fit as well.
fn copy(item: &TokenStream, function: &Function) -> Option<TokenStream> {
    function.surroundings.has_twin.then(|| quote!(#[allow(warnings)] #item))
}

/// Generates an error in case that the compiler, being newer than this crate, finds nothing wrong with a signature: a
/// handler is never left out silently. It stands in a function that is compiled only where there is no other error.
pub(crate) fn refused() -> TokenStream {
    quote! {
        const _: () = {
            fn __robyn_ws_refused<T>() {
                const { ::core::panic!("`#[websocket]` cannot read this signature") }
            }
            #[used]
            static __ROBYN_WS_REFUSED: fn() = __robyn_ws_refused::<()>;
        };
    }
}

/// Returns `true` for `#[websocket = "/chat"]`, of which the compiler passes only the value.
pub(crate) fn is_key_with_value() -> bool {
    let attribute = Span::call_site().source_text().unwrap_or_default();
    let inner = attribute.trim_start_matches(['#', '[']);
    let sign = inner.find(['(', '[', '{', '=']);
    sign.is_some_and(|sign| inner[sign..].starts_with('='))
}

#[cfg(test)]
mod tests;
