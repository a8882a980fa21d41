//! The code behind the user's function if there are mistakes: their messages, and the checks of the compiler.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{assertions, diagnostics::Diagnostics, model::Types};

/// The function stays, so that its callers still compile; but it is not a handler.
pub(crate) fn fallback(errors: Diagnostics, types: Option<&Types>) -> TokenStream {
    let errors = errors.into_compile_errors();
    let assertions = types.map(|types| {
        let import = &types.runtime.import;
        let arguments = assertions::arguments_fit_the_event(types);
        let output = assertions::output_is_a_reply(types);
        let router = assertions::router_is_a_static_sub_router(types);
        let borrows = assertions::state_is_borrowed_once(types);
        quote! {
            const _: () = {
                #import
                #arguments
                #output
                #router
                #borrows
            };
        }
    });
    quote!(#errors #assertions)
}
