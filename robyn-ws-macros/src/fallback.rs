//! The code in place of an entry if there are mistakes: the checks of the compiler.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{assertions, model::Types};

/// The function stays, so that its callers still compile; but it is not a handler.
pub(crate) fn fallback(types: &Types) -> TokenStream {
    let arguments = assertions::arguments_fit_the_event(types);
    let output = assertions::output_is_a_reply(types);
    let router = assertions::router_is_a_static_sub_router(types);
    let borrows = assertions::state_is_borrowed_once(types);
    quote! {
        #arguments
        #output
        #router
        #borrows
    }
}
