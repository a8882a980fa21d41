//! `#[websocket]` on one screen: parse, validate, expand, or fall back.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{args::Args, diagnostics::Diagnostics, expand::expand, fallback::fallback, item::Item, validate::validate};

pub(crate) fn websocket(attr: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr, &mut errors);
    let parsed = Item::parse(item.clone(), &mut errors);
    let generated = match validate(args, parsed, &mut errors) {
        Ok(handler) => expand(&handler),
        Err(types) => fallback(errors, types.as_deref()),
    };
    quote!(#item #generated)
}

#[cfg(test)]
mod tests;
