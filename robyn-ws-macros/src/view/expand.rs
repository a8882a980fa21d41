//! From a view to the entries of its methods in the registry.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{block::Block, names, state::ALIAS};
use crate::{assertions, expand::entry_value, model::Handler};

/// Generates one function for all entries: the compiler reports a mistake in the type of the view once that it finds several
/// times in one body.
pub(crate) fn expand(block: &Block, handlers: &[Handler]) -> TokenStream {
    if handlers.is_empty() || names::has_twins(handlers) {
        return TokenStream::new();
    }
    let entries = handlers.iter().enumerate().map(|(position, handler)| {
        let (attrs, position) = (&handler.attrs, Literal::usize_unsuffixed(position));
        let value = entry_value(handler);
        quote!(#(#attrs)* #position => #value,)
    });
    let functions = in_block(
        block,
        &quote! {
            const fn _entry(position: usize) -> __robyn_ws::Entry {
                match position {
                    #(#entries)*
                    _ => ::core::unreachable!(),
                }
            }
        },
    );
    let submissions = handlers.iter().enumerate().map(|(position, handler)| {
        let position = Literal::usize_unsuffixed(position);
        within(
            handler,
            &quote!(__robyn_ws::inventory::submit! { __RobynWsView::_entry(#position) }),
        )
    });
    let surroundings = surroundings(block, handlers);
    quote! {
        #surroundings
        #functions
        #(#submissions)*
    }
}

/// Generates the checks of the compiler, in place of the entries.
pub(crate) fn fallback(block: &Block, handlers: &[Handler]) -> TokenStream {
    let surroundings = surroundings(block, handlers);
    if handlers.is_empty() || names::has_twins(handlers) {
        return surroundings;
    }
    let checks = handlers.iter().map(|handler| {
        let attrs = &handler.attrs;
        let arguments = assertions::arguments_are_declared(&handler.types);
        let output = assertions::output_is_named(&handler.types);
        quote!(#(#attrs)* { #arguments #output })
    });
    let functions = in_block(
        block,
        &quote!(fn _check(__robyn_ws_needs: &mut __robyn_ws::Needs) { #(#checks)* }),
    );
    quote!(#surroundings #functions)
}

/// Generates the part that does not depend on mistakes.
fn surroundings(block: &Block, handlers: &[Handler]) -> TokenStream {
    let first = handlers.first();
    let router = first.map(|handler| assertions::router_is_a_static_sub_router(&handler.types));
    let borrows = handlers
        .iter()
        .map(|handler| within(handler, &assertions::state_is_borrowed_once(&handler.types)));
    let (alias, ty) = (Ident::new(ALIAS, Span::call_site()), &block.ty);
    quote! {
        type #alias = #ty;
        #router
        #(#borrows)*
    }
}

/// Puts items under the attributes of a method.
fn within(handler: &Handler, items: &TokenStream) -> Option<TokenStream> {
    let attrs = &handler.attrs;
    let items = if attrs.is_empty() {
        items.clone()
    } else {
        quote!(#(#attrs)* const _: () = { #items };)
    };
    (!items.is_empty()).then_some(items)
}

/// Puts functions into an `impl` block at the place of the user's.
///
/// The compiler suggests to add an unknown type to the generics of the block. At one place the suggestion is the same for
/// both, so it reports the type once.
fn in_block(block: &Block, functions: &TokenStream) -> TokenStream {
    let implementation = quote_spanned!(block.keyword=> impl);
    quote! {
        struct __RobynWsView;
        #implementation __RobynWsView {
            #functions
        }
    }
}
