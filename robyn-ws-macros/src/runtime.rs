//! The table of everything in the runtime crate that generated code names.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Path, Type};

use crate::{event::Event, runtime_crate};

/// The paths for handlers of one event, all of them in the runtime's `__private`.
pub(crate) struct Runtime {
    /// Imports that module under the name at the beginning of the other paths, so that a wrong path of the user is one
    /// error.
    pub(crate) import: TokenStream,
    pub(crate) inventory: TokenStream,
    pub(crate) entry: TokenStream,
    pub(crate) sub_router: TokenStream,
    pub(crate) needs: TokenStream,
    /// A pair of states, and the trait for pairs of two different ones.
    pub(crate) states: TokenStream,
    pub(crate) two_states: TokenStream,
    /// The trait of the handler's arguments.
    pub(crate) argument: TokenStream,
    /// The type that stands for an inferred type.
    pub(crate) inference: TokenStream,
    /// The function that infers the output of a handler.
    pub(crate) output_of: TokenStream,
    /// The alias that gives an inferred type a place.
    pub(crate) inferred: TokenStream,
    /// The type of the state that an upgrade handler's extractors take.
    pub(crate) state: TokenStream,
    /// The trait of the handler's output, and its method.
    pub(crate) reply: TokenStream,
    pub(crate) into_reply: TokenStream,
    /// The function that boxes the future of a result.
    pub(crate) must_be_send: TokenStream,
    pub(crate) event: Event,
    handler: TokenStream,
    call: TokenStream,
}

/// The names of one event in the runtime.
struct Names {
    /// The type of the event, which is also its variant of `Handler`.
    event: TokenStream,
    /// The trait of the arguments.
    argument: TokenStream,
    reply: TokenStream,
    into_reply: TokenStream,
    must_be_send: TokenStream,
}

impl Names {
    fn of(event: Event, state: &TokenStream) -> Self {
        match event {
            Event::Upgrade => Self::of_upgrade(state),
            Event::Connect => Self::of_live(quote!(Connect), &quote!(ConnectArgument)),
            Event::Message => Self::of_live(quote!(Message), &quote!(MessageArgument)),
            Event::Close => Self::of_live(quote!(Close), &quote!(CloseArgument)),
            Event::Session => Self::of_live(quote!(Session), &quote!(SessionArgument)),
        }
    }

    fn of_upgrade(state: &TokenStream) -> Self {
        Self {
            event: quote!(Upgrade),
            argument: quote!(UpgradeArgument<'_, _, #state>),
            reply: quote!(IntoUpgradeReply),
            into_reply: quote!(into_upgrade_reply),
            must_be_send: quote!(upgrade_future_must_be_send),
        }
    }

    fn of_live(event: TokenStream, argument: &TokenStream) -> Self {
        Self {
            argument: quote!(#argument<'_>),
            reply: quote!(IntoReply),
            into_reply: quote!(into_reply),
            must_be_send: quote!(handler_future_must_be_send),
            event,
        }
    }
}

impl Runtime {
    /// Creates the table for the crate at `path`, which is `::robyn_ws` unless the user says otherwise, and for extractors
    /// with a `state`.
    pub(crate) fn new(path: Option<&Path>, event: Event, state: Option<&Type>) -> Self {
        let private = private(path);
        let rt = quote!(__robyn_ws);
        let Names {
            event: kind,
            argument,
            reply,
            into_reply,
            must_be_send,
        } = Names::of(event, &state_name(state));
        let is_upgrade = event == Event::Upgrade;
        let ways = is_upgrade.then(|| quote!(#[allow(unused_imports)] use #rt::via::*;));
        // It is named once, so that a wrong type is one error.
        let state_type = state.map(|state| quote!(#[allow(dead_code)] type __RobynWsState = #state;));
        Self {
            import: quote!(use #private as #rt; #ways #state_type),
            inventory: quote!(#rt::inventory),
            entry: quote!(#rt::Entry),
            sub_router: quote!(#rt::SubRouter),
            needs: quote!(#rt::Needs),
            states: quote!(#rt::States),
            two_states: quote!(#rt::TwoStates),
            argument: quote!(#rt::#argument),
            inference: quote!(#rt::Inference),
            output_of: quote!(#rt::output_of),
            inferred: quote!(#rt::Inferred),
            state: state_name(state),
            reply: quote!(#rt::#reply),
            into_reply,
            must_be_send: quote!(#rt::#must_be_send),
            event,
            handler: quote!(#rt::Handler::#kind),
            call: quote!(#rt::Call),
        }
    }

    /// Returns the expression that turns a closure into a handler.
    pub(crate) fn handler(&self, closure: &TokenStream, is_async: bool) -> TokenStream {
        let Self { handler, call, .. } = self;
        match (self.event, is_async) {
            (Event::Upgrade, _) => quote!(#handler(#closure)),
            (_, true) => quote!(#handler(#call::Async(#closure))),
            (_, false) => quote!(#handler(#call::Sync(#closure))),
        }
    }
}

/// Returns the name of the state in generated code.
fn state_name(state: Option<&Type>) -> TokenStream {
    state.map_or_else(|| quote!(()), |_| quote!(__RobynWsState))
}

/// The paths for the methods of views.
pub(crate) struct ViewRuntime {
    /// The trait of a view that is a connection's state.
    pub(crate) state: TokenStream,
    /// The trait of a view that can be borrowed as `&self`.
    pub(crate) shared: TokenStream,
    /// The trait of the output of an `upgrade` method that creates the view.
    pub(crate) reply: TokenStream,
    /// The alias that gives a type a longer place.
    pub(crate) inferred: TokenStream,
}

impl ViewRuntime {
    pub(crate) fn new() -> Self {
        Self {
            state: quote!(__robyn_ws::ViewState),
            shared: quote!(__robyn_ws::SharedView),
            reply: quote!(__robyn_ws::IntoViewReply),
            inferred: quote!(__robyn_ws::Inferred),
        }
    }
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
