//! The code that rust-analyzer analyzes in place of a handler's entry.
//!
//! In an entry, each token of the function stands several times, beside tokens of ours at the same place. An editor
//! would take all of them for the token under its cursor. Here the function's tokens do not stand at all, and each token
//! of the attribute stands once, so that an editor completes, explains and renames it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{ExprPath, Type, parse::Parse};

use crate::{
    diagnostics::Diagnostics,
    grammar::{Argument, arguments},
};

/// Mentions the tokens of an attribute, which may be half-typed, where an editor understands them.
///
/// An editor completes a word in the last list of its kind, so there is a list also without a word.
pub(crate) fn mentions(attr: TokenStream) -> TokenStream {
    let arguments = arguments(attr, &[], &mut Diagnostics::default());
    let keys = arguments
        .iter()
        .filter_map(|argument| argument.key.as_ref())
        .filter(|key| *key != "crate");
    let events = arguments
        .iter()
        .filter_map(|argument| value::<Ident>(argument, |key| key == "on"));
    let states = arguments
        .iter()
        .filter_map(|argument| value::<Type>(argument, |key| key == "state"));
    let paths = arguments.iter().filter_map(|argument| match argument.key {
        Some(_) => value::<ExprPath>(argument, |key| key == "router"),
        None => syn::parse2(argument.tokens.clone()).ok(),
    });
    quote! {
        use __robyn_ws::editor::keys::{#(#keys as _),*};
        use __robyn_ws::editor::events::{#(#events as _),*};
        #(const _: &_ = &#paths;)*
        #(const _: ::core::option::Option<#states> = ::core::option::Option::None;)*
    }
}

/// Returns the value of the argument, if it has the right key.
fn value<T: Parse>(argument: &Argument, is_right: impl Fn(&Ident) -> bool) -> Option<T> {
    argument.key.as_ref().filter(|key| is_right(key))?;
    syn::parse2(argument.value.clone()?).ok()
}
