//! `#[websocket]` on one screen: parse, validate, and expand, or fall back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::{
    args::{Args, Form},
    diagnostics::Diagnostics,
    editor,
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
            let expanded = expand(&handler);
            (handler.attrs, Some(expanded))
        }
        Err(types) => (Vec::new(), types.as_deref().map(fallback)),
    };
    let errors = errors.into_compile_errors();
    let generated = generated(&attrs, checked.as_ref(), &editor::mentions(attr));
    quote!(#item #errors #generated)
}

/// Encloses generated code: that for the compiler and, in its place, that for editors.
///
/// rust-analyzer sets the `cfg`, which the compiler does not know. A deprecated function, or one with deprecated types, is
/// still a handler, and its author has been warned already.
pub(crate) fn generated(attrs: &[Attribute], checked: Option<&TokenStream>, mentioned: &TokenStream) -> TokenStream {
    quote! {
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
