//! From a handler to its entry in the registry.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::{
    assertions,
    event::Event,
    model::{Handler, Output, Types},
    tokens::{at, beside, ends, generated_at},
    view::state,
};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let inventory = &handler.types.runtime.inventory;
    let borrows = assertions::state_is_borrowed_once(&handler.types);
    let router = assertions::router_is_a_static_sub_router(&handler.types);
    let (name, entry) = entry(handler);
    quote! {
        #borrows
        #router
        #entry
        #inventory::submit! { #name() }
    }
}

/// Generates a function that returns the entry. Returns its name as well.
///
/// All code that names the user's types is in its body: the compiler reports an error once that it finds twice in one
/// body, and twice if it finds it in two functions.
fn entry(handler: &Handler) -> (Ident, TokenStream) {
    let entry = &handler.types.runtime.entry;
    let function = beside(&handler.types.name, "__robyn_ws_entry");
    let value = entry_value(handler);
    let code = quote! {
        const fn #function() -> #entry {
            #value
        }
    };
    (function, code)
}

pub(crate) fn entry_value(handler: &Handler) -> TokenStream {
    let Handler {
        path,
        place,
        blocking,
        types,
        ..
    } = handler;
    let entry = &types.runtime.entry;
    let name_text = types.name_text();
    // The place of the handler in messages from `build()`.
    let line = quote_spanned!(*place=> ::core::line!());
    let column = quote_spanned!(*place=> ::core::column!());
    let router = if types.router.is_some() {
        quote!(::core::option::Option::Some(__ROBYN_WS_ROUTER))
    } else {
        quote!(::core::option::Option::None)
    };
    let call = if handler.is_async || types.runtime.event == Event::Upgrade {
        async_call(handler)
    } else {
        sync_call(handler)
    };
    let called = types.runtime.handler(&call, handler.is_async);
    let needs = needs(handler);
    quote! {
        #entry {
            path: #path,
            name: #name_text,
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: #line,
            column: #column,
            router: #router,
            blocking: #blocking,
            handler: #called,
            needs: #needs,
        }
    }
}

fn sync_call(handler: &Handler) -> TokenStream {
    let takes = takes(&handler.types);
    let mutable = (!takes.is_empty()).then(|| quote!(mut));
    let reply = reply(&handler.types, call(handler, argument_names(&handler.types)));
    quote! {
        |#mutable __robyn_ws_cx| {
            #takes
            #reply
        }
    }
}

/// The context ends before the handler's own future is awaited, which may last for long and need not borrow it.
fn async_call(handler: &Handler) -> TokenStream {
    let Types { runtime, name, .. } = &handler.types;
    let takes = takes(&handler.types);
    let mutable = (!takes.is_empty()).then(|| quote!(mut));
    let call = call(handler, argument_names(&handler.types));
    let awaited = handler.is_async.then(|| quote!(.await));
    let reply = reply(&handler.types, quote!(__robyn_ws_called #awaited));
    // A future that is not `Send` is an error of this call, and so it is shown at the function's name.
    let place = generated_at(name.span());
    let must_be_send = at(place, runtime.must_be_send.clone());
    let boxed = quote_spanned! {place=>
        #must_be_send(async move {
            let __robyn_ws_called = {
                let #mutable __robyn_ws_cx = __robyn_ws_cx;
                #takes
                #call
            };
            #reply
        })
    };
    quote!(|__robyn_ws_cx| #boxed)
}

/// Takes the arguments from left to right; a rejection ends the call.
fn takes(types: &Types) -> TokenStream {
    let awaited = (types.runtime.event == Event::Upgrade).then(|| quote!(.await));
    let receiver = state::take(types);
    let takes = types.params.iter().zip(argument_names(types)).map(|(ty, name)| {
        let (place, take) = assertions::argument(types, ty, "take");
        let cx = format_ident!("__robyn_ws_cx");
        let via = assertions::via(types, ty);
        let taken = quote_spanned!(place=> (&mut #cx #via)#awaited?);
        quote!(let #name = #take #taken;)
    });
    receiver.into_iter().chain(takes).collect()
}

fn reply(types: &Types, value: TokenStream) -> TokenStream {
    if let Some(view) = types.returned_view() {
        return state::reply(view, types, value);
    }
    let (reply, into_reply) = (&types.runtime.reply, &types.runtime.into_reply);
    match &types.output {
        Output::Type(ty) => quote!(<#ty as #reply>::#into_reply(#value)),
        Output::Inferred(ty) => {
            // The argument begins and ends with the type, so that an error underlines all of it.
            let (start, end) = ends(ty);
            let same = quote_spanned!(generated_at(start)=> ::core::convert::identity);
            let output = quote_spanned!(generated_at(end)=> (__robyn_ws_output));
            quote! {
                let __robyn_ws_output = #value;
                #reply::#into_reply(#same #output)
            }
        }
        Output::Never => value,
    }
}

/// Declares the needs of the arguments, and the state that an upgrade handler creates.
fn needs(handler: &Handler) -> TokenStream {
    let runtime = &handler.types.runtime;
    let reply = &runtime.reply;
    let arguments = assertions::arguments_are_declared(&handler.types);
    let output = match (handler.types.returned_view(), &handler.types.output) {
        (Some(view), _) => state::declare_returned(view),
        (None, Output::Type(ty)) if runtime.event == Event::Upgrade => {
            quote!(<#ty as #reply>::declare(__robyn_ws_needs);)
        }
        (None, Output::Inferred(_)) if runtime.event == Event::Upgrade => declare_inferred(handler),
        _ => TokenStream::new(),
    };
    quote! {
        |__robyn_ws_needs| {
            #arguments
            #output
        }
    }
}

/// Infers a return type that cannot be written, from a call that never runs.
fn declare_inferred(handler: &Handler) -> TokenStream {
    let (needs, reply) = (&handler.types.runtime.needs, &handler.types.runtime.reply);
    let call = call(handler, handler.types.params.iter().map(|_| quote!(__robyn_ws_any())));
    let awaited = handler.is_async.then(|| quote!(.await));
    quote! {
        fn __robyn_ws_any<T>() -> T {
            ::core::unreachable!()
        }
        fn __robyn_ws_declare_output<R: #reply>(needs: &mut #needs, _call: impl ::core::ops::AsyncFnOnce() -> R) {
            R::declare(needs);
        }
        __robyn_ws_declare_output(__robyn_ws_needs, async || #call #awaited);
    }
}

fn call(handler: &Handler, arguments: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let name = &handler.types.name;
    let (owner, receiver) = (state::owner(&handler.types), state::receiver(&handler.types));
    let arguments = arguments.into_iter().map(ToTokens::into_token_stream);
    let arguments = receiver.map(ToTokens::into_token_stream).into_iter().chain(arguments);
    quote!(#owner #name(#(#arguments),*))
}

fn argument_names(types: &Types) -> impl Iterator<Item = Ident> {
    (0..types.params.len()).map(|position| format_ident!("__robyn_ws_arg{position}"))
}
