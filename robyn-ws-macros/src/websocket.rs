//! `#[websocket]` on one screen: parse, validate, and expand, or fall back.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    args::Args, diagnostics::Diagnostics, editor, expand::expand, fallback::fallback, item::Item, validate::validate,
};

pub(crate) fn websocket(attr: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr.clone(), &mut errors);
    let parsed = Item::parse(item.clone(), &mut errors);
    let (attrs, checked) = match validate(args, parsed, &mut errors) {
        Ok(handler) => (handler.attrs.clone(), Some(expand(&handler))),
        Err(types) => (Vec::new(), types.as_deref().map(fallback)),
    };
    let errors = errors.into_compile_errors();
    let mentioned = editor::mentions(attr);
    // rust-analyzer sets this `cfg`, which the compiler does not know. A deprecated function, or one with deprecated
    // types, is still a handler, and its author has been warned already.
    quote! {
        #item
        #errors
        #(#attrs)*
        #[allow(deprecated, unexpected_cfgs)]
        const _: () = {
            #[cfg(not(rust_analyzer))]
            { #checked }
            #[cfg(rust_analyzer)]
            { #mentioned }
        };
    }
}

#[cfg(test)]
mod tests;
