//! What only the compiler can check, in forms that make it underline the user's tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::{
    event::Event,
    model::{Output, Types},
    tokens::{beside, ends, generated_at},
    view::state,
};

/// Generates an error where two of a handler's references are to one state, because one name is an alias.
///
/// The runtime has two functions of that name, and one is only for pairs of one type. The compiler reports the second state
/// of such a pair, at its tokens.
pub(crate) fn state_is_borrowed_once(types: &Types) -> TokenStream {
    let pairs = types.exclusive.iter().map(|(first, second)| {
        let (start, end) = ends(second);
        let from_start = quote_spanned!(generated_at(start)=> <);
        let to_end = quote_spanned!(generated_at(end)=> >::are_two);
        quote! {
            const _: () = {
                use __robyn_ws::TwoStates as _;
                let _ = #from_start __robyn_ws::States<#first, #second> #to_end;
            };
        }
    });
    pairs.collect()
}

/// Checks the arguments of a handler.
pub(crate) fn arguments_fit_the_event(types: &Types) -> TokenStream {
    let name = beside(&types.name, "__robyn_ws_arguments_fit_the_event");
    let arguments = arguments_are_declared(types);
    quote! {
        fn #name(__robyn_ws_needs: &mut __robyn_ws::Needs) {
            #arguments
        }
    }
}

/// Declares the needs of each argument, whose types are repeated: what the compiler says of them may be repeated, too.
pub(crate) fn arguments_are_declared(types: &Types) -> TokenStream {
    let app_state = &types.runtime.state;
    let receiver = state::declare(types);
    let arguments = types.params.iter().map(|ty| {
        let (place, declare) = argument(types, ty, "declare");
        let (needs, name) = (quote!(__robyn_ws_needs), quote!(__robyn_ws_ty));
        let via = via(types, &format_ident!("__robyn_ws_ty"), place);
        let declared = quote_spanned!(place=> (#needs, #name #via));
        quote! {
            let #name = __robyn_ws::Inference::<_, #app_state>::NEW;
            #declare #declared;
        }
    });
    quote!(#receiver #(#arguments)*)
}

/// Returns a type at the place of the user's type `ty`, which the compiler infers from the call of the handler.
///
/// To repeat the user's type would repeat the compiler's own errors about it.
pub(crate) fn inferred(ty: &TokenStream) -> TokenStream {
    let (start, end) = ends(ty);
    let mut tokens = quote_spanned!(start=> __robyn_ws::Inferred<_);
    tokens.extend(quote_spanned!(end=> >));
    tokens
}

/// Names a function of the trait for an argument of type `ty`. Returns it with the place for the tokens behind it.
///
/// The expression begins and ends with the type, so that all errors about it underline the type, once.
pub(crate) fn argument(types: &Types, ty: &TokenStream, function: &str) -> (Span, TokenStream) {
    let (start, end) = ends(ty);
    // For tokens of the user's code, the compiler would suggest a borrow.
    let (start, end) = (generated_at(start), generated_at(end));
    let open = quote_spanned!(start=> <);
    let argument = types.runtime.argument(end);
    let function = Ident::new(function, end);
    let close = quote_spanned!(end=> as #argument>::#function);
    (end, quote!(#open #ty #close))
}

/// Returns the further argument that selects the way in which an upgrade handler takes an argument: the runtime finds the
/// first way that its type, which stands under `name`, allows.
pub(crate) fn via(types: &Types, name: &Ident, place: Span) -> Option<TokenStream> {
    (types.runtime.event == Event::Upgrade).then(|| quote_spanned!(place=> , (&&&&#name).via()))
}

/// Checks the output of a handler, without calling it.
pub(crate) fn output_is_a_reply(types: &Types) -> Option<TokenStream> {
    let name = beside(&types.name, "__robyn_ws_output_is_a_reply");
    let named = output_is_named(types)?;
    Some(quote!(fn #name() { #named }))
}

/// Names the function that turns the output into a reply, if the type of the output can be named.
pub(crate) fn output_is_named(types: &Types) -> Option<TokenStream> {
    let Output::Type(ty) = &types.output else {
        return None;
    };
    let place = Span::call_site();
    let (reply, into_reply) = (types.runtime.reply(place), types.runtime.conversion(place));
    let function = if types.returned_view().is_some() {
        state::reply_function(ty)
    } else {
        quote!(<#ty as #reply>::#into_reply)
    };
    Some(quote!(let _ = #function;))
}

/// Checks the sub-router, which has to be a `static`: apps find its handlers by its address, and a constant has none.
pub(crate) fn router_is_a_static_sub_router(types: &Types) -> TokenStream {
    let routers = types.router.iter().map(|router| {
        // The references begin where the path begins, so that the compiler underlines just the path.
        let (start, _) = ends(&router.to_token_stream());
        let (reference, address) = (quote_spanned!(start=> &), quote_spanned!(start=> &raw const));
        quote! {
            static __ROBYN_WS_ROUTER: &__robyn_ws::SubRouter = #reference #router;
            const _: () = {
                let _ = #address #router;
            };
        }
    });
    routers.collect()
}
