//! The names in the runtime crate that depend on the attribute.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, Type};

use crate::{event::Event, runtime_crate, tokens::at};

/// The names that depend on the event of a handler. Generated code finds all names in the runtime's `__private`, which it
/// imports as `__robyn_ws`.
pub(crate) struct Runtime {
    /// That import. A wrong path of the user is one error, there.
    pub(crate) import: TokenStream,
    /// The type of the state that an upgrade handler's extractors take.
    pub(crate) state: TokenStream,
    pub(crate) event: Event,
}

impl Runtime {
    /// Creates the names for the crate at `path`, which is `::robyn_ws` unless the user says otherwise, and for extractors
    /// with a `state`.
    pub(crate) fn new(path: Option<&Path>, event: Event, state: Option<&Type>) -> Self {
        let private = private(path);
        let ways = (event == Event::Upgrade).then(|| {
            quote!(
                use __robyn_ws::via::*;
            )
        });
        // It is named once, so that a wrong type is one error.
        let state_type = state.map(|state| quote!(type __RobynWsState = #state;));
        Self {
            import: quote!(use #private as __robyn_ws; #ways #state_type),
            state: state_name(state),
            event,
        }
    }

    /// The trait of the handler's arguments.
    pub(crate) fn argument(&self, place: Span) -> TokenStream {
        let name = match self.event {
            Event::Upgrade => {
                let state = at(place, self.state.clone());
                return quote_spanned!(place=> __robyn_ws::UpgradeArgument<'_, _, #state>);
            }
            Event::Connect => "ConnectArgument",
            Event::Message => "MessageArgument",
            Event::Call => "CallArgument",
            Event::Close => "CloseArgument",
            Event::Session => "SessionArgument",
        };
        let name = Ident::new(name, place);
        quote_spanned!(place=> __robyn_ws::#name<'_>)
    }

    /// The trait of the handler's output.
    pub(crate) fn reply(&self, place: Span) -> TokenStream {
        match self.event {
            Event::Upgrade => quote_spanned!(place=> __robyn_ws::IntoUpgradeReply),
            Event::Call => quote_spanned!(place=> __robyn_ws::IntoCallReply),
            _ => quote_spanned!(place=> __robyn_ws::IntoReply),
        }
    }

    /// The method of that trait.
    pub(crate) fn conversion(&self, place: Span) -> Ident {
        let name = match self.event {
            Event::Upgrade => "into_upgrade_reply",
            Event::Call => "into_call_reply",
            _ => "into_reply",
        };
        Ident::new(name, place)
    }

    /// The function that boxes the future of a handler.
    pub(crate) fn must_be_send(&self, place: Span) -> TokenStream {
        if self.event == Event::Upgrade {
            quote_spanned!(place=> __robyn_ws::upgrade_future_must_be_send)
        } else {
            quote_spanned!(place=> __robyn_ws::handler_future_must_be_send)
        }
    }

    /// Returns the expression that turns a closure into a handler.
    pub(crate) fn handler(&self, closure: &TokenStream, is_async: bool) -> TokenStream {
        let event = match self.event {
            Event::Upgrade => return quote!(__robyn_ws::Handler::Upgrade(#closure)),
            Event::Connect => quote!(Connect),
            Event::Message => quote!(Message),
            Event::Call => quote!(Call),
            Event::Close => quote!(Close),
            Event::Session => quote!(Session),
        };
        let mode = if is_async { quote!(Async) } else { quote!(Sync) };
        quote!(__robyn_ws::Handler::#event(__robyn_ws::Call::#mode(#closure)))
    }
}

/// Returns the name of the state in generated code.
fn state_name(state: Option<&Type>) -> TokenStream {
    state.map_or_else(|| quote!(()), |_| quote!(__RobynWsState))
}

/// The paths for a connection's state.
pub(crate) struct StateRuntime {
    /// The public trait.
    pub(crate) connection_state: TokenStream,
    /// `Default` under a name whose absence the runtime explains.
    pub(crate) state_default: TokenStream,
}

impl StateRuntime {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        let (root, rt) = (root(path), private(path));
        Self {
            connection_state: quote!(#root::ConnectionState),
            state_default: quote!(#rt::StateDefault),
        }
    }
}

fn root(path: Option<&Path>) -> TokenStream {
    path.map_or_else(runtime_crate::path, ToTokens::to_token_stream)
}

fn private(path: Option<&Path>) -> TokenStream {
    let root = root(path);
    quote!(#root::__private)
}
