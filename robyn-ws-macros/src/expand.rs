//! From a handler to its entry in the registry.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::{
    assertions,
    event::Event,
    model::{Handler, Output, Types},
    tokens::{at, beside, ends, generated_at},
};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let (import, inventory) = (&handler.types.runtime.import, &handler.types.runtime.inventory);
    let borrows = assertions::state_is_borrowed_once(&handler.types);
    let router = assertions::router_is_a_static_sub_router(&handler.types);
    let (name, entry) = entry(handler);
    quote! {
        #import
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
    let Handler {
        path, blocking, types, ..
    } = handler;
    let name = &types.name;
    let entry = &types.runtime.entry;
    let unraw = name.to_string();
    let name_text = unraw.trim_start_matches("r#");
    // The place of the function's name is the place of the handler in messages from `build()`.
    let line = quote_spanned!(name.span()=> ::core::line!());
    let column = quote_spanned!(name.span()=> ::core::column!());
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
    let function = beside(name, "__robyn_ws_entry");
    let code = quote! {
        const fn #function() -> #entry {
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
    };
    (function, code)
}

fn sync_call(handler: &Handler) -> TokenStream {
    let params = &handler.types.params;
    let mutable = (!params.is_empty()).then(|| quote!(mut));
    let takes = takes(&handler.types);
    let reply = reply(&handler.types, call(handler, argument_names(params.len())));
    quote! {
        |#mutable __robyn_ws_cx| {
            #takes
            #reply
        }
    }
}

/// The context ends before the handler's own future is awaited, which may last for long and need not borrow it.
fn async_call(handler: &Handler) -> TokenStream {
    let Types {
        runtime, params, name, ..
    } = &handler.types;
    let mutable = (!params.is_empty()).then(|| quote!(mut));
    let takes = takes(&handler.types);
    let call = call(handler, argument_names(params.len()));
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
    let takes = types
        .params
        .iter()
        .zip(argument_names(types.params.len()))
        .map(|(ty, name)| {
            let (place, take) = assertions::argument(types, ty, "take");
            let cx = format_ident!("__robyn_ws_cx");
            let via = assertions::via(types, ty);
            let taken = quote_spanned!(place=> (&mut #cx #via)#awaited?);
            quote!(let #name = #take #taken;)
        });
    takes.collect()
}

fn reply(types: &Types, value: TokenStream) -> TokenStream {
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
    let output = match &handler.types.output {
        Output::Type(ty) if runtime.event == Event::Upgrade => quote!(<#ty as #reply>::declare(__robyn_ws_needs);),
        Output::Inferred(_) if runtime.event == Event::Upgrade => declare_inferred(handler),
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

/// Calls the user's function, without the lints about a use of it.
fn call(handler: &Handler, arguments: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let mut name = handler.types.name.clone();
    name.set_span(generated_at(name.span()));
    let arguments = arguments.into_iter();
    quote!(#name(#(#arguments),*))
}

fn argument_names(count: usize) -> impl Iterator<Item = Ident> {
    (0..count).map(|position| format_ident!("__robyn_ws_arg{position}"))
}
