//! From a handler to its entry in the registry.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::{
    assertions,
    event::Event,
    model::{Handler, Output, Types},
    tokens::{at, beside, generated_at},
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
    let Handler {
        path,
        place,
        blocking,
        types,
        ..
    } = handler;
    let name = &types.name;
    let entry = &types.runtime.entry;
    let unraw = name.to_string();
    let name_text = unraw.trim_start_matches("r#");
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
    let takes = takes(handler);
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
    let takes = takes(handler);
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
fn takes(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    // Only for the way in which an argument is taken, the compiler has to know its type before.
    let (inferred, awaited) = if types.runtime.event == Event::Upgrade {
        (Some(inferred(handler)), Some(quote!(.await)))
    } else {
        (None, None)
    };
    let takes = types
        .params
        .iter()
        .zip(argument_names(types.params.len()))
        .map(|(ty, name)| {
            let (place, take) = assertions::argument(types, &assertions::inferred(types, ty), "take");
            let cx = format_ident!("__robyn_ws_cx");
            let via = assertions::via(types, &name, place);
            let taken = quote_spanned!(place=> (&mut #cx #via)#awaited?);
            quote!(let #name = #take #taken;)
        });
    quote!(#inferred #(#takes)*)
}

/// Tells the compiler the types of the arguments, by a call that never runs. They stand under the arguments' names.
fn inferred(handler: &Handler) -> TokenStream {
    let (inference, state) = (&handler.types.runtime.inference, &handler.types.runtime.state);
    let names: Vec<_> = argument_names(handler.types.params.len()).collect();
    let call = inferring_call(handler);
    quote! {
        #(let #names = #inference::<_, #state>::NEW;)*
        if false {
            let _ = #call;
        }
    }
}

fn inferring_call(handler: &Handler) -> TokenStream {
    let names = argument_names(handler.types.params.len());
    call(handler, names.map(|name| quote!(#name.argument())))
}

fn reply(types: &Types, value: TokenStream) -> TokenStream {
    let (reply, into_reply) = (&types.runtime.reply, &types.runtime.into_reply);
    match &types.output {
        Output::Type(ty) | Output::Inferred(ty) => {
            let ty = assertions::inferred(types, ty);
            quote!(<#ty as #reply>::#into_reply(#value))
        }
        Output::Never => value,
    }
}

/// Declares the needs of the arguments, and the state that an upgrade handler creates.
fn needs(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let inferred = (!types.params.is_empty()).then(|| inferred(handler));
    let declared = types
        .params
        .iter()
        .zip(argument_names(types.params.len()))
        .map(|(ty, name)| {
            let (place, declare) = assertions::argument(types, &assertions::inferred(types, ty), "declare");
            let needs = format_ident!("__robyn_ws_needs");
            let via = assertions::via(types, &name, place);
            let declared = quote_spanned!(place=> (#needs, #name #via));
            quote!(#declare #declared;)
        });
    let output = (types.runtime.event == Event::Upgrade).then(|| declare_output(handler));
    quote! {
        |__robyn_ws_needs| {
            #inferred
            #(#declared)*
            #output
        }
    }
}

/// Declares the state that an upgrade handler creates.
fn declare_output(handler: &Handler) -> Option<TokenStream> {
    let types = &handler.types;
    let (Output::Type(ty) | Output::Inferred(ty)) = &types.output else {
        return None;
    };
    let (ty, reply, output_of) = (
        assertions::inferred(types, ty),
        &types.runtime.reply,
        &types.runtime.output_of,
    );
    let call = inferring_call(handler);
    let awaited = handler.is_async.then(|| quote!(.await));
    Some(quote!(<#ty as #reply>::declare(__robyn_ws_needs, #output_of(&async || #call #awaited));))
}

fn call(handler: &Handler, arguments: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let name = &handler.types.name;
    let arguments = arguments.into_iter();
    quote!(#name(#(#arguments),*))
}

fn argument_names(count: usize) -> impl Iterator<Item = Ident> {
    (0..count).map(|position| format_ident!("__robyn_ws_arg{position}"))
}
