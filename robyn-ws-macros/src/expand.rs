//! From a handler to its code: a shim of one type for all handlers of an event, and its entry in the registry.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::{
    assertions,
    model::{Event, Handler, Output, Types},
    tokens::{at, beside, ends, generated_at},
};

/// A deprecated function, or one with deprecated types, is still a handler, and its author has been warned already.
pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let attrs = &handler.attrs;
    let import = &handler.types.runtime.import;
    let borrows = assertions::state_is_borrowed_once(&handler.types);
    let router = assertions::router_is_a_static_sub_router(&handler.types);
    let shim = if handler.is_async || handler.types.runtime.event == Event::Upgrade {
        async_shim(handler)
    } else {
        sync_shim(handler)
    };
    let needs = needs(handler);
    let entry = entry(handler);
    quote! {
        #(#attrs)*
        #[allow(deprecated)]
        const _: () = {
            #import
            #borrows
            #router
            #shim
            #needs
            #entry
        };
    }
}

fn sync_shim(handler: &Handler) -> TokenStream {
    let Types { runtime, params, .. } = &handler.types;
    let (context, result) = (&runtime.context, &runtime.result);
    let shim = beside(&handler.types.name, "__robyn_ws_shim");
    let mutable = (!params.is_empty()).then(|| quote!(mut));
    let takes = takes(&handler.types);
    let reply = reply(&handler.types, call(handler, argument_names(params.len())));
    quote! {
        fn #shim(#mutable __robyn_ws_cx: #context) -> #result {
            #takes
            #reply
        }
    }
}

/// The context ends before the handler's own future is awaited, which may last for long and need not borrow it.
fn async_shim(handler: &Handler) -> TokenStream {
    let Types {
        runtime, params, name, ..
    } = &handler.types;
    let (context, future) = (&runtime.context, &runtime.future);
    let shim = beside(name, "__robyn_ws_shim");
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
    quote! {
        fn #shim(__robyn_ws_cx: #context) -> #future {
            #boxed
        }
    }
}

/// Takes the arguments from left to right; a rejection ends the shim.
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

/// Declares what the arguments need, and which state an upgrade handler makes.
fn needs(handler: &Handler) -> TokenStream {
    let runtime = &handler.types.runtime;
    let (needs, reply) = (&runtime.needs, &runtime.reply);
    let name = beside(&handler.types.name, "__robyn_ws_needs");
    let arguments = assertions::arguments_are_declared(&handler.types);
    let output = match &handler.types.output {
        Output::Type(ty) if runtime.event == Event::Upgrade => quote!(<#ty as #reply>::declare(__robyn_ws_needs);),
        Output::Inferred(_) if runtime.event == Event::Upgrade => declare_inferred(handler),
        _ => TokenStream::new(),
    };
    quote! {
        fn #name(__robyn_ws_needs: &mut #needs) {
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

fn entry(handler: &Handler) -> TokenStream {
    let Handler {
        path, blocking, types, ..
    } = handler;
    let name = &types.name;
    let (inventory, entry) = (&types.runtime.inventory, &types.runtime.entry);
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
    let shim = types.runtime.handler(&quote!(__robyn_ws_shim), handler.is_async);
    quote! {
        #inventory::submit! {
            #entry {
                path: #path,
                name: #name_text,
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: #line,
                column: #column,
                router: #router,
                blocking: #blocking,
                handler: #shim,
                needs: __robyn_ws_needs,
            }
        }
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
