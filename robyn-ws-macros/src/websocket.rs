//! `#[websocket]` on one screen: parse, validate, expand, or fall back.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::{
    args::Args,
    diagnostics::Diagnostics,
    expand::expand,
    fallback::fallback,
    item::{Function, Item, without_entry_points},
    validate::validate,
};

pub(crate) fn websocket(attr: TokenStream, item: &TokenStream) -> TokenStream {
    if is_key_with_value() {
        // The compiler has reported that already.
        return item.clone();
    }
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr, &mut errors);
    let parsed = Item::parse(item.clone(), &mut errors);
    let is_unreadable = matches!(parsed, Item::Unreadable);
    let function = parsed.function();
    let has_twin = function.as_ref().is_some_and(|function| function.surroundings.has_twin);
    let is_entry_point = function.as_ref().is_some_and(Function::is_entry_point);
    let generated = match validate(args, function, &mut errors) {
        Ok(handler) if has_twin => beside_a_copy(item, &expand(&handler)),
        Ok(handler) => expand(&handler),
        Err(types) => fallback(errors, types.as_deref()),
    };
    let item = if is_entry_point {
        without_entry_points(item)
    } else {
        item.clone()
    };
    let unreadable = is_unreadable.then(unreadable);
    quote!(#item #generated #unreadable)
}

/// Generates the code for a function that shares its name with another one.
///
/// The compiler reports the second function, and takes the name for the first one. A copy of the function stands nearer
/// to the call, so that it is no mistake as well.
fn beside_a_copy(item: &TokenStream, generated: &TokenStream) -> TokenStream {
    quote! {
        #[allow(warnings)]
        const _: () = {
            #item
            #generated
        };
    }
}

/// Generates an error for a signature that the compiler, newer than this crate, understands: it stands in a function
/// that is compiled only where there is no other error, and a handler is never left out silently.
fn unreadable() -> TokenStream {
    quote! {
        const _: () = {
            fn __robyn_ws_unreadable<T>() {
                const { ::core::panic!("`#[websocket]` cannot read this signature") }
            }
            #[used]
            static __ROBYN_WS_UNREADABLE: fn() = __robyn_ws_unreadable::<()>;
        };
    }
}

/// Returns `true` for `#[websocket = "/chat"]`, of which the compiler passes only the value.
fn is_key_with_value() -> bool {
    let attribute = Span::call_site().source_text().unwrap_or_default();
    let behind_name = attribute.trim_start_matches(['#', '[']).find(['(', '[', '{', '=']);
    behind_name.is_some_and(|sign| attribute.trim_start_matches(['#', '[']).as_bytes()[sign] == b'=')
}

#[cfg(test)]
mod tests;
