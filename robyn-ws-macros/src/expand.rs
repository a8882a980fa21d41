//! From a handler to its entry in the registry.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::{
    assertions, describe,
    event::Event,
    model::{Handler, Output, Types},
    tokens::{beside, ends, generated_at},
    view::state,
};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let borrows = assertions::state_is_borrowed_once(&handler.types);
    let router = assertions::router_is_a_static_sub_router(&handler.types);
    let (name, entry) = entry(handler);
    quote! {
        #borrows
        #router
        #entry
        __robyn_ws::inventory::submit! { #name() }
    }
}

/// Generates a function that returns the entry. Returns its name as well.
///
/// All code that names the user's types is in its body: the compiler reports an error once that it finds twice in one
/// body, and twice if it finds it in two functions.
fn entry(handler: &Handler) -> (Ident, TokenStream) {
    let function = beside(&handler.types.name, "__robyn_ws_entry");
    let value = entry_value(handler);
    let code = quote! {
        const fn #function() -> __robyn_ws::Entry {
            #value
        }
    };
    (function, code)
}

pub(crate) fn entry_value(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let name = types.name_text();
    let (path, place) = (&handler.path, handler.place);
    let closure = match (types.runtime.event, handler.is_async) {
        (Event::Upgrade, _) => upgrade_closure(handler),
        (_, true) => async_closure(handler),
        (_, false) => sync_closure(handler),
    };
    let called = types.runtime.handler(&closure, handler.is_async);
    let needs = needs(handler);
    let router = types.router.is_some().then(|| quote!(.of(__ROBYN_WS_ROUTER)));
    let method = handler.method.as_ref().map(|method| quote!(.called(#method)));
    let blocking = handler.blocking.then(|| quote!(.blocking()));
    // The place of the call is the handler's place in messages from `build()`.
    let new = quote_spanned!(place=> __robyn_ws::Entry::new);
    let mut arguments = Group::new(
        Delimiter::Parenthesis,
        quote!(#name, ::core::module_path!(), #called, #needs),
    );
    arguments.set_span(place);
    let described = described(handler);
    quote!(__robyn_ws::Entry { path: #path, ..#new #arguments #router #method #blocking #described })
}

/// Describes the handler for the contract of its app. The other expansions are tested without it.
fn described(handler: &Handler) -> Option<TokenStream> {
    (cfg!(feature = "contract") && !cfg!(test)).then(|| describe::described(handler))
}

fn sync_closure(handler: &Handler) -> TokenStream {
    let mutable = mutable(&handler.types);
    let takes = takes(handler);
    let reply = reply(&handler.types, &call(handler, |name| quote!(#name)));
    quote! {
        |#mutable __what_the_handler_borrows| {
            #takes
            #reply
        }
    }
}

/// The context ends before the handler's own future is awaited, which may last for long and need not borrow it.
fn async_closure(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let mutable = mutable(types);
    let takes = takes(handler);
    let call = call(handler, |name| quote!(#name));
    let (_, into_reply) = into_reply(types);
    let (place, must_be_send) = must_be_send(types);
    let boxed = quote_spanned!(place=> #must_be_send(__robyn_ws_called, #into_reply));
    quote! {
        |#mutable __what_the_handler_borrows| {
            #takes
            let __robyn_ws_called = #call;
            #boxed
        }
    }
}

/// Extractors of upgrade handlers are asynchronous.
fn upgrade_closure(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let mutable = mutable(types);
    let takes = takes(handler);
    let call = call(handler, |name| quote!(#name));
    let awaited = handler.is_async.then(|| quote!(.await));
    let reply = reply(types, &quote!(__robyn_ws_called #awaited));
    let (place, must_be_send) = must_be_send(types);
    let boxed = quote_spanned! {place=>
        #must_be_send(async move {
            let __robyn_ws_called = {
                let #mutable __what_the_handler_borrows = __what_the_handler_borrows;
                #takes
                #call
            };
            #reply
        })
    };
    quote!(|__what_the_handler_borrows| #boxed)
}

/// Names the function that boxes a future, with the place for its call: a future that is not `Send` is an error of that,
/// and so it is shown at the name of the user's function.
fn must_be_send(types: &Types) -> (Span, TokenStream) {
    let place = generated_at(types.name.span());
    (place, types.runtime.must_be_send(place))
}

/// The context changes when an argument is taken.
fn mutable(types: &Types) -> Option<TokenStream> {
    let takes_any = names(types).next().is_some();
    takes_any.then(|| quote!(mut))
}

/// Takes the arguments from left to right; a rejection ends the call.
fn takes(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    // Only for the way in which an argument is taken, the compiler has to know its type before.
    let (inferred, awaited) = if types.runtime.event == Event::Upgrade {
        (Some(inferred(handler)), Some(quote!(.await)))
    } else {
        (None, None)
    };
    let receiver = state::take(types);
    let takes = types.params.iter().zip(argument_names(types)).map(|(ty, name)| {
        let (place, take) = assertions::argument(types, &assertions::inferred(ty), "take");
        let cx = format_ident!("__what_the_handler_borrows");
        let via = assertions::via(types, &name, place);
        let taken = quote_spanned!(place=> (&mut #cx #via)#awaited?);
        quote!(let #name = #take #taken;)
    });
    quote!(#inferred #receiver #(#takes)*)
}

/// Tells the compiler the types of the arguments, by a call that never runs. They stand under the arguments' names.
pub(crate) fn inferred(handler: &Handler) -> TokenStream {
    let state = &handler.types.runtime.state;
    let names: Vec<_> = names(&handler.types).collect();
    let call = inferring_call(handler);
    quote! {
        #(let #names = __robyn_ws::Inference::<_, #state>::NEW;)*
        if false {
            let _ = #call;
        }
    }
}

pub(crate) fn inferring_call(handler: &Handler) -> TokenStream {
    call(handler, |name| quote!(#name.argument()))
}

fn reply(types: &Types, value: &TokenStream) -> TokenStream {
    match types.returned_view() {
        Some(view) => state::reply(view, types, value),
        None if matches!(types.output, Output::Never) => value.clone(),
        None => {
            let (place, into_reply) = into_reply(types);
            quote_spanned!(place=> #into_reply(#value))
        }
    }
}

/// Names the function that turns the output into a reply. Returns it with the place for its call.
fn into_reply(types: &Types) -> (Span, TokenStream) {
    match &types.output {
        Output::Type(ty) | Output::Inferred(ty) => {
            // A reply that has to live longer than the handler runs is an error of the whole expression, shown at its type.
            let (start, end) = ends(ty);
            let (start, end) = (generated_at(start), generated_at(end));
            let (ty, reply, into_reply) = (
                assertions::inferred(ty),
                types.runtime.reply(end),
                types.runtime.conversion(end),
            );
            let open = quote_spanned!(start=> <);
            let close = quote_spanned!(end=> as #reply>::#into_reply);
            (end, quote!(#open #ty #close))
        }
        Output::Never => (Span::call_site(), quote!(|__robyn_ws_never| __robyn_ws_never)),
    }
}

/// Declares the needs of the arguments, and the state that an upgrade handler creates.
fn needs(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let inferred = (!types.params.is_empty()).then(|| inferred(handler));
    let receiver = state::declare(types);
    let declared = types.params.iter().zip(argument_names(types)).map(|(ty, name)| {
        let (place, declare) = assertions::argument(types, &assertions::inferred(ty), "declare");
        let needs = format_ident!("__robyn_ws_needs");
        let via = assertions::via(types, &name, place);
        let declared = quote_spanned!(place=> (#needs, #name #via));
        quote!(#declare #declared;)
    });
    let output = (types.runtime.event == Event::Upgrade).then(|| declare_output(handler));
    let sent = handler.sends.named();
    quote! {
        |__robyn_ws_needs| {
            #receiver
            #inferred
            #(#declared)*
            #output
            #sent
        }
    }
}

/// Declares the state that an upgrade handler creates.
fn declare_output(handler: &Handler) -> Option<TokenStream> {
    let types = &handler.types;
    if let Some(view) = types.returned_view() {
        return Some(state::declare_returned(view));
    }
    let (Output::Type(ty) | Output::Inferred(ty)) = &types.output else {
        return None;
    };
    let (ty, reply) = (assertions::inferred(ty), types.runtime.reply(Span::call_site()));
    let call = inferring_call(handler);
    let awaited = handler.is_async.then(|| quote!(.await));
    Some(quote!(<#ty as #reply>::declare(__robyn_ws_needs, __robyn_ws::output_of(&async || #call #awaited));))
}

/// Calls the function, with an argument for each name.
fn call(handler: &Handler, argument: impl Fn(Ident) -> TokenStream) -> TokenStream {
    let name = &handler.types.name;
    let place = generated_at(name.span());
    let owner = state::owner(&handler.types, place);
    let arguments = names(&handler.types).map(argument);
    // An argument that has to live longer than the handler runs is an error of the whole call, shown at the parameters.
    let arguments = quote_spanned!(generated_at(handler.place)=> (#(#arguments),*));
    quote!(#owner #name #arguments)
}

/// Returns the names of the receiver, if there is one, and of the arguments.
fn names(types: &Types) -> impl Iterator<Item = Ident> {
    state::receiver(types).into_iter().chain(argument_names(types))
}

pub(crate) fn argument_names(types: &Types) -> impl Iterator<Item = Ident> {
    (0..types.params.len()).map(|position| format_ident!("__robyn_ws_arg{position}"))
}
