//! From a handler to its entry in the registry.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

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
    let mutable = mutable(&handler.types);
    let takes = takes(handler);
    let reply = reply(&handler.types, call(handler, |name| quote!(#name)));
    quote! {
        |#mutable __what_the_handler_borrows| {
            #takes
            #reply
        }
    }
}

/// The context ends before the handler's own future is awaited, which may last for long and need not borrow it.
fn async_call(handler: &Handler) -> TokenStream {
    let Types { runtime, name, .. } = &handler.types;
    let mutable = mutable(&handler.types);
    let takes = takes(handler);
    let call = call(handler, |name| quote!(#name));
    let awaited = handler.is_async.then(|| quote!(.await));
    let reply = reply(&handler.types, quote!(__robyn_ws_called #awaited));
    // A future that is not `Send` is an error of this call, and so it is shown at the function's name.
    let place = generated_at(name.span());
    let must_be_send = at(place, runtime.must_be_send.clone());
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
        let (place, take) = assertions::argument(types, &assertions::inferred(types, ty), "take");
        let cx = format_ident!("__what_the_handler_borrows");
        let via = assertions::via(types, &name, place);
        let taken = quote_spanned!(place=> (&mut #cx #via)#awaited?);
        quote!(let #name = #take #taken;)
    });
    quote!(#inferred #receiver #(#takes)*)
}

/// Tells the compiler the types of the arguments, by a call that never runs. They stand under the arguments' names.
fn inferred(handler: &Handler) -> TokenStream {
    let (inference, state) = (&handler.types.runtime.inference, &handler.types.runtime.state);
    let names: Vec<_> = names(&handler.types).collect();
    let call = inferring_call(handler);
    quote! {
        #(let #names = #inference::<_, #state>::NEW;)*
        if false {
            let _ = #call;
        }
    }
}

fn inferring_call(handler: &Handler) -> TokenStream {
    call(handler, |name| quote!(#name.argument()))
}

fn reply(types: &Types, value: TokenStream) -> TokenStream {
    if let Some(view) = types.returned_view() {
        return state::reply(view, types, &value);
    }
    let (reply, into_reply) = (&types.runtime.reply, &types.runtime.into_reply);
    match &types.output {
        Output::Type(ty) | Output::Inferred(ty) => {
            // A reply that has to live longer than the handler runs is an error of the whole expression, shown at its type.
            let (start, end) = ends(ty);
            let (start, end) = (generated_at(start), generated_at(end));
            let (ty, reply) = (assertions::inferred(types, ty), at(end, reply.clone()));
            let into_reply = at(end, into_reply.clone());
            let open = quote_spanned!(start=> <);
            let convert = quote_spanned!(end=> as #reply>::#into_reply (#value));
            quote!(#open #ty #convert)
        }
        Output::Never => value,
    }
}

/// Declares the needs of the arguments, and the state that an upgrade handler creates.
fn needs(handler: &Handler) -> TokenStream {
    let types = &handler.types;
    let inferred = (!types.params.is_empty()).then(|| inferred(handler));
    let receiver = state::declare(types);
    let declared = types.params.iter().zip(argument_names(types)).map(|(ty, name)| {
        let (place, declare) = assertions::argument(types, &assertions::inferred(types, ty), "declare");
        let needs = format_ident!("__robyn_ws_needs");
        let via = assertions::via(types, &name, place);
        let declared = quote_spanned!(place=> (#needs, #name #via));
        quote!(#declare #declared;)
    });
    let output = (types.runtime.event == Event::Upgrade).then(|| declare_output(handler));
    quote! {
        |__robyn_ws_needs| {
            #receiver
            #inferred
            #(#declared)*
            #output
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
    let (ty, reply, output_of) = (
        assertions::inferred(types, ty),
        &types.runtime.reply,
        &types.runtime.output_of,
    );
    let call = inferring_call(handler);
    let awaited = handler.is_async.then(|| quote!(.await));
    Some(quote!(<#ty as #reply>::declare(__robyn_ws_needs, #output_of(&async || #call #awaited));))
}

/// Calls the function, with an argument for each name.
fn call(handler: &Handler, argument: impl Fn(Ident) -> TokenStream) -> TokenStream {
    let (owner, name) = (state::owner(&handler.types), &handler.types.name);
    let arguments = names(&handler.types).map(argument);
    // An argument that has to live longer than the handler runs is an error of the whole call, shown at the parameters.
    let arguments = quote_spanned!(generated_at(handler.place)=> (#(#arguments),*));
    quote!(#owner #name #arguments)
}

/// Returns the names of the receiver, if there is one, and of the arguments.
fn names(types: &Types) -> impl Iterator<Item = Ident> {
    state::receiver(types).into_iter().chain(argument_names(types))
}

fn argument_names(types: &Types) -> impl Iterator<Item = Ident> {
    (0..types.params.len()).map(|position| format_ident!("__robyn_ws_arg{position}"))
}
