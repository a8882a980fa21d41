//! The code for a view as the state of its connection: its methods borrow it, and `upgrade` creates it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::{
    assertions,
    model::{Output, Types, View},
    tokens::{ends, generated_at},
};

/// The name of the view's type in generated code, where `Self` is another type.
pub(crate) const ALIAS: &str = "__RobynWsSelf";

/// Returns the path to the type whose method the handler is.
pub(crate) fn owner(types: &Types, place: Span) -> Option<TokenStream> {
    let alias = Ident::new(ALIAS, place);
    types.view.as_ref().map(|_| quote_spanned!(place=> #alias::))
}

/// Returns the name of the borrowed state, which is the first argument of a method.
pub(crate) fn receiver(types: &Types) -> Option<Ident> {
    types.view.as_ref()?.receiver.as_ref()?;
    Some(format_ident!("__robyn_ws_self"))
}

/// Takes the receiver of a method.
pub(crate) fn take(types: &Types) -> Option<TokenStream> {
    let view = types.view.as_ref()?;
    let receiver = view.receiver.as_ref()?;
    let name = self::receiver(types)?;
    let (place, take) = function(view, "take");
    let cx = format_ident!("__what_the_handler_borrows");
    let taken = quote_spanned!(place=> (&mut #cx)?);
    let share = receiver.is_shared.then(|| {
        let (start, end) = ends(&receiver.tokens);
        let (start, end) = (generated_at(start), generated_at(end));
        let open = quote_spanned!(start=> <);
        let share = quote_spanned!(end=> _ as __robyn_ws::SharedView>::share(#name, &mut #cx));
        quote!(let #name = #open #share;)
    });
    Some(quote!(let #name = #take #taken; #share))
}

/// Declares that a method takes the state.
pub(crate) fn declare(types: &Types) -> Option<TokenStream> {
    let view = types.view.as_ref()?;
    let receiver = view.receiver.as_ref()?;
    let name = if receiver.is_shared {
        "declare_shared"
    } else {
        "declare"
    };
    let (place, declare) = function(view, name);
    let needs = format_ident!("__robyn_ws_needs");
    let declared = quote_spanned!(place=> (#needs));
    Some(quote!(#declare #declared;))
}

/// Turns the output of an `upgrade` method into the state of the connection.
pub(crate) fn reply(view: &View, types: &Types, value: &TokenStream) -> TokenStream {
    let (Output::Type(output) | Output::Inferred(output)) = &types.output else {
        return value.clone();
    };
    let (place, upgraded) = function(view, "upgraded");
    let into_view = reply_function(&assertions::inferred(output));
    let upgrade = quote_spanned!(place=> (__robyn_ws_result));
    quote! {
        let __robyn_ws_result = #into_view(#value);
        #upgraded #upgrade
    }
}

/// Names the function that turns an `output` into the view.
pub(crate) fn reply_function(output: &TokenStream) -> TokenStream {
    let alias = Ident::new(ALIAS, Span::call_site());
    quote!(<#output as __robyn_ws::IntoViewReply<#alias>>::into_view_reply)
}

/// Declares that an `upgrade` method creates the state.
pub(crate) fn declare_returned(view: &View) -> TokenStream {
    let (place, provide) = function(view, "provide");
    let needs = format_ident!("__robyn_ws_needs");
    let provided = quote_spanned!(place=> (#needs));
    quote!(#provide #provided;)
}

/// Names a function of the trait for states. Returns it with the place for the tokens behind it.
///
/// All of these expressions are at the type in the `impl` line: a type that is not a state is one error, there.
fn function(view: &View, function: &str) -> (Span, TokenStream) {
    let (start, end) = ends(&view.ty);
    // To repeat the type would repeat the compiler's own errors about it.
    let alias = Ident::new(ALIAS, start);
    let inferred = quote_spanned!(start=> __robyn_ws::Inferred<#alias);
    let close = quote_spanned!(end=> >);
    let ty = quote!(#inferred #close);
    let (start, end) = (generated_at(start), generated_at(end));
    let function = Ident::new(function, end);
    let open = quote_spanned!(start=> <);
    let close = quote_spanned!(end=> as __robyn_ws::ViewState>::#function);
    (end, quote!(#open #ty #close))
}
