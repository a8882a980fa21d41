//! What a handler takes, returns and sends, for the contract of its app.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    event::Event,
    expand::{argument_names, inferred, inferring_call},
    model::{Handler, Output},
    sends::Sent,
};

/// Generates the call that gives an entry its description. The runtime finds by the type of each part what it is, so aliases
/// and generic types of the user are no obstacle.
pub(crate) fn described(handler: &Handler) -> TokenStream {
    let docs = &handler.docs;
    let inferred = inferred(handler);
    let arguments = argument_names(&handler.types).map(|name| {
        quote! {
            let __robyn_ws_shape = (&&&&(&&(&&#name).peel()).peel()).shape();
            __robyn_ws_description.takes(__robyn_ws_shape);
        }
    });
    let output = output(handler);
    let sent = handler.sends.all.iter().map(sent);
    quote! {
        .described(#docs, |__robyn_ws_description| {
            use __robyn_ws::describe::*;
            #inferred
            #(#arguments)*
            #output
            #(#sent)*
        })
    }
}

fn output(handler: &Handler) -> Option<TokenStream> {
    if matches!(handler.types.output, Output::Never) {
        return None;
    }
    let call = inferring_call(handler);
    let awaited = handler.is_async.then(|| quote!(.await));
    let output = quote!(let __robyn_ws_output = __robyn_ws::output_of(&async || #call #awaited););
    // `None` is a result of a call, and otherwise no message.
    let shape = if handler.types.runtime.event == Event::Call {
        quote!((&&&&(&&__robyn_ws_output).peel_result()).shape())
    } else {
        quote!((&&&&(&&(&&(&&__robyn_ws_output).peel()).peel()).peel()).shape())
    };
    Some(quote! {
        #output
        __robyn_ws_description.returns(#shape);
    })
}

fn sent(sent: &Sent) -> TokenStream {
    let shape = |ty| quote!((&&&&__robyn_ws::Inference::<#ty>::NEW).shape());
    match sent {
        Sent::Message(ty) => {
            let shape = shape(ty);
            quote!(__robyn_ws_description.sends(#shape);)
        }
        Sent::Notification { method, params } => {
            let params = shape(params);
            quote!(__robyn_ws_description.notifies(#method, #params);)
        }
        Sent::Call { method, params, result } => {
            let (params, result) = (shape(params), shape(result));
            quote!(__robyn_ws_description.calls(#method, #params, #result);)
        }
    }
}
