//! The code that rust-analyzer analyzes in place of a handler's entry.
//!
//! In an entry, each token of the function stands several times, beside tokens of ours at the same place. An editor
//! would take all of them for the token under its cursor. Here the function's tokens do not stand at all, and each token
//! of the attribute stands once, so that an editor completes, explains and renames it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{ExprPath, Type, parse::Parse};

use crate::{
    diagnostics::Diagnostics,
    grammar::{Argument, arguments},
};

/// The modules of the runtime that have an item for each word of an attribute.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    keys: &'static str,
    /// Whether the attribute names its event.
    has_events: bool,
}

impl Words {
    pub(crate) const FUNCTION: Self = Self {
        keys: "keys",
        has_events: true,
    };
    pub(crate) const VIEW: Self = Self {
        keys: "view_keys",
        has_events: false,
    };
    /// The attribute of a view's method.
    pub(crate) const METHOD: Self = Self {
        keys: "method_keys",
        has_events: false,
    };
}

/// Mentions the tokens of an attribute, which may be half-typed, where an editor understands them.
///
/// An editor completes a word in the last list of its kind, so there is a list also without a word.
pub(crate) fn mentions(attr: TokenStream, words: Words) -> TokenStream {
    let arguments = arguments(attr, &[], &mut Diagnostics::default());
    let keys = arguments
        .iter()
        .filter_map(|argument| argument.key.as_ref())
        // A keyword cannot be imported.
        .filter(|key| syn::parse2::<Ident>(key.to_token_stream()).is_ok());
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
    let list = Ident::new(words.keys, Span::call_site());
    let events = words
        .has_events
        .then(|| quote!(use __robyn_ws::editor::events::{#(#events as _),*};));
    quote! {
        use __robyn_ws::editor::#list::{#(#keys as _),*};
        #events
        #(const _: &_ = &#paths;)*
        #(const _: ::core::option::Option<#states> = ::core::option::Option::None;)*
    }
}

/// Returns the value of the argument, if it has the right key.
fn value<T: Parse>(argument: &Argument, is_right: impl Fn(&Ident) -> bool) -> Option<T> {
    argument.key.as_ref().filter(|key| is_right(key))?;
    syn::parse2(argument.value.clone()?).ok()
}
