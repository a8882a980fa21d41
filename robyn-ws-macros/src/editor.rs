//! The code that rust-analyzer analyzes in place of a handler's entry.
//!
//! In an entry, each token of the function stands several times, beside tokens of ours at the same place. An editor
//! would take all of them for the token under its cursor. Here the function's tokens do not stand at all, and each token
//! of the attribute stands once, so that an editor completes, explains and renames it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprPath};

use crate::{
    diagnostics::Diagnostics,
    grammar::{Argument, ModPath, arguments},
    runtime,
};

/// Mentions the tokens of an attribute, which may be half-typed, where an editor understands them.
pub(crate) fn mentions(attr: TokenStream) -> TokenStream {
    let arguments = arguments(attr, &mut Diagnostics::default());
    let runtime = arguments
        .iter()
        .find_map(|argument| value::<ModPath>(argument, "crate"));
    let words = runtime::editor_words(runtime.as_ref().map(|path| &path.0));
    arguments.iter().map(|argument| mention(argument, &words)).collect()
}

fn mention(argument: &Argument, words: &TokenStream) -> TokenStream {
    let Some(key) = &argument.key else {
        let constant = syn::parse2::<ExprPath>(argument.tokens.clone());
        return constant.map_or_else(|_| TokenStream::new(), |path| quote!(const _: &str = #path;));
    };
    if key == "crate" {
        return TokenStream::new();
    }
    let value = if key == "on" {
        value::<syn::Ident>(argument, "on").map(|event| quote!(use #words::events::#event as _;))
    } else {
        value::<Expr>(argument, &key.to_string()).map(|value| quote!(const _: &_ = &#value;))
    };
    quote! {
        use #words::keys::#key as _;
        #value
    }
}

/// Returns the value of the argument with this `key`.
fn value<T: syn::parse::Parse>(argument: &Argument, key: &str) -> Option<T> {
    let its = argument.key.as_ref().is_some_and(|its| its == key);
    syn::parse2(argument.value.clone()?).ok().filter(|_| its)
}
