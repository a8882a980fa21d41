//! `#[websocket]` on one screen: parse, validate, and expand, or fall back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::{
    args::{Args, Form},
    diagnostics::Diagnostics,
    editor::{self, Words},
    expand::expand,
    fallback::fallback,
    item::Item,
    validate::validate,
};

pub(crate) fn websocket(attr: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr.clone(), &Form::FUNCTION, &mut errors);
    let parsed = Item::parse(item.clone(), &mut errors);
    let (attrs, checked) = match validate(&args, parsed, &mut errors) {
        Ok(handler) => {
            let entry = expand(&handler);
            (handler.attrs, Some((entry, handler.types.runtime.import)))
        }
        Err(types) => (Vec::new(), types.map(|types| (fallback(&types), types.runtime.import))),
    };
    // The function of an `impl` block has nothing that can be checked beside it.
    let beside = checked.map(|(checked, import)| {
        let mentioned = editor::mentions(attr, Words::FUNCTION);
        beside(&attrs, &import, &checked, &mentioned)
    });
    let errors = errors.into_compile_errors();
    // The errors quote the words of the attribute, so they come last, as `beside` explains.
    quote!(#item #beside #errors)
}

/// Encloses generated code: that for the compiler, and that for editors in its place.
///
/// To complete a word, an editor looks for its place in this code and in that for a longer word. So the code that depends on
/// whether a word is right comes last.
pub(crate) fn beside(
    attrs: &[Attribute],
    import: &TokenStream,
    checked: &TokenStream,
    mentioned: &TokenStream,
) -> TokenStream {
    // rust-analyzer sets this `cfg`, which the compiler does not know. A deprecated function, or one with deprecated
    // types, is still a handler, and its author has been warned already.
    quote! {
        #(#attrs)*
        #[allow(deprecated, unexpected_cfgs)]
        const _: () = {
            #import
            #[cfg(rust_analyzer)]
            const _: () = { #mentioned };
            #[cfg(not(rust_analyzer))]
            const _: () = { #checked };
        };
    }
}

#[cfg(test)]
mod tests;
