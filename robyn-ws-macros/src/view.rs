//! `#[websocket_view]` on one screen: parse, name the events, check each method, and expand, or fall back.

mod block;
mod expand;
mod method;
mod names;
pub(crate) mod state;

use proc_macro2::TokenStream;
use quote::quote;

use self::{
    block::{Block, without_view_attributes},
    expand::{expand, fallback},
    method::check,
};
use crate::{
    args::{Args, Form},
    diagnostics::Diagnostics,
    editor,
    validate::{check_path, is_shared},
    websocket::generated,
};

pub(crate) fn websocket_view(attr: &TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let mut args = Args::parse(attr.clone(), &Form::VIEW, &mut errors);
    check_path(&args, &mut errors);
    let (attrs, checked) = match Block::parse(item.clone(), &mut errors) {
        Some(mut block) => {
            let methods = check(&mut block, &mut args, &mut errors);
            let checked = if errors.is_empty() {
                expand(&block, &methods)
            } else {
                fallback(&block, &methods)
            };
            (block.attrs, Some(checked))
        }
        None => (Vec::new(), None),
    };
    let attrs: Vec<_> = attrs.into_iter().filter(is_shared).collect();
    let (item, view_attributes) = without_view_attributes(item);
    let mentioned = editor::mentions(quote!(#attr, #view_attributes));
    let errors = errors.into_compile_errors();
    let generated = generated(&attrs, checked.as_ref(), &mentioned);
    quote!(#item #errors #generated)
}

#[cfg(test)]
mod tests;
