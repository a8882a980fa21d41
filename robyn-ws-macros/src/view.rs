//! `#[websocket_view]` on one screen: parse, check each method, and expand, or fall back.

mod block;
mod expand;
mod method;
mod names;
pub(crate) mod state;

use proc_macro2::TokenStream;
use quote::quote;

use self::{
    block::{Block, without_unread, without_view_attributes},
    expand::{expand, fallback},
    method::check,
};
use crate::{
    args::Args,
    compiler,
    diagnostics::Diagnostics,
    editor::{self, Words},
    event::Event,
    form::Form,
    model::Handler,
    runtime::Runtime,
    validate::{check_path, finds_the_runtime, shared},
    websocket::{beside, is_key_with_value, refused},
};

pub(crate) fn websocket_view(attr: TokenStream, item: TokenStream) -> TokenStream {
    if is_key_with_value() {
        // The compiler has reported that already.
        return item;
    }
    let mut errors = Diagnostics::default();
    let mut args = Args::parse(attr.clone(), &Form::VIEW, &mut errors);
    check_path(&args, &mut errors);
    let parsed = Block::parse(item.clone(), &mut errors);
    let unread = parsed.as_ref().map_or(0, |block| block.unread);
    // An editor wants to see all that is being written.
    let item = if unread > 0 && compiler::OPTIONS.is_some() {
        without_unread(item, unread)
    } else {
        item
    };
    let (item, view_attributes) = without_view_attributes(item);
    let checked = parsed.map(|mut block| {
        let handlers = check(&mut block, &mut args, &mut errors);
        let import = import(&args, &handlers);
        let expand = if errors.is_empty() { expand } else { fallback };
        let checked = expand(&block, &handlers);
        let attrs: Vec<_> = block.attrs.into_iter().filter_map(shared).collect();
        (attrs, import, checked)
    });
    // The checks of the compiler need the runtime.
    let checked = checked.filter(|_| finds_the_runtime(&args, &mut errors));
    let beside = checked.map(|(attrs, import, checked)| {
        beside(&attrs, &import, &checked, || {
            let mentioned = editor::mentions(attr, Words::VIEW);
            let of_methods = view_attributes
                .into_iter()
                .map(|attr| editor::mentions(attr, Words::METHOD));
            quote!(#mentioned #(#of_methods)*)
        })
    });
    let refused = errors.has_others.then(refused);
    let errors = errors.into_compile_errors();
    quote!(#item #beside #refused #errors)
}

/// Returns the imports of all handlers: those for `upgrade` have the others among them.
fn import(args: &Args, handlers: &[Handler]) -> TokenStream {
    let has_upgrade = handlers
        .iter()
        .any(|handler| handler.types.runtime.event == Event::Upgrade);
    let event = if has_upgrade { Event::Upgrade } else { Event::Message };
    Runtime::new(args.runtime.as_ref(), event, args.state.given().filter(|_| has_upgrade)).import
}

#[cfg(test)]
mod tests;
