//! The table of everything in the runtime crate that generated code names.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Path;

use crate::model::Event;

/// The paths for handlers of one event, all of them in the runtime's `__private`.
pub(crate) struct Runtime {
    /// Imports that module under the name which the other paths begin with: if it is not where the user says, that is
    /// one error.
    pub(crate) import: TokenStream,
    pub(crate) inventory: TokenStream,
    pub(crate) entry: TokenStream,
    pub(crate) sub_router: TokenStream,
    pub(crate) needs: TokenStream,
    pub(crate) borrowed_once: TokenStream,
    /// What the handler's arguments are taken from.
    pub(crate) context: TokenStream,
    /// The trait of the handler's arguments.
    pub(crate) argument: TokenStream,
    /// What finds the way in which an upgrade handler's argument is taken.
    pub(crate) probe: Option<TokenStream>,
    /// The trait of what the handler returns, its method, and what that gives.
    pub(crate) reply: TokenStream,
    pub(crate) into_reply: TokenStream,
    pub(crate) result: TokenStream,
    /// A result later, and the function that boxes it.
    pub(crate) future: TokenStream,
    pub(crate) must_be_send: TokenStream,
    pub(crate) event: Event,
    handler: TokenStream,
    call: TokenStream,
}

impl Runtime {
    /// Makes the table for the crate at `path`, which is `::robyn_ws` unless the user says otherwise.
    pub(crate) fn new(path: Option<&Path>, event: Event) -> Self {
        let private = private(path);
        let rt = quote!(__robyn_ws);
        // The runtime calls an event's types as the model calls the event: `event::Message`, `MessageArgument`.
        let kind = format_ident!("{event:?}");
        let argument = format_ident!("{event:?}Argument");
        let (context, argument) = match event {
            Event::Upgrade => (quote!(UpgradeContext<'_>), quote!(#argument<'_, _>)),
            _ => (quote!(EventContext<'_, #rt::event::#kind>), quote!(#argument<'_>)),
        };
        let (reply, into_reply, result, future, must_be_send) = match event {
            Event::Upgrade => (
                quote!(IntoUpgradeReply),
                quote!(into_upgrade_reply),
                quote!(UpgradeResult),
                quote!(UpgradeFuture<'_>),
                quote!(upgrade_future_must_be_send),
            ),
            _ => (
                quote!(IntoReply),
                quote!(into_reply),
                quote!(HandlerResult),
                quote!(HandlerFuture<'_>),
                quote!(handler_future_must_be_send),
            ),
        };
        let is_upgrade = event == Event::Upgrade;
        let ways = is_upgrade.then(|| quote!(#[allow(unused_imports)] use #rt::via::*;));
        Self {
            import: quote!(use #private as #rt; #ways),
            inventory: quote!(#rt::inventory),
            entry: quote!(#rt::Entry),
            sub_router: quote!(#rt::SubRouter),
            needs: quote!(#rt::Needs),
            borrowed_once: quote!(#rt::ConnectionStateIsBorrowedOnce),
            context: quote!(#rt::#context),
            argument: quote!(#rt::#argument),
            probe: is_upgrade.then(|| quote!(#rt::Probe)),
            reply: quote!(#rt::#reply),
            into_reply,
            result: quote!(#rt::#result),
            future: quote!(#rt::#future),
            must_be_send: quote!(#rt::#must_be_send),
            event,
            handler: quote!(#rt::Handler::#kind),
            call: quote!(#rt::Call),
        }
    }

    /// Gives the expression that makes a handler out of a shim.
    pub(crate) fn handler(&self, shim: &TokenStream, is_async: bool) -> TokenStream {
        let Self { handler, call, .. } = self;
        match (self.event, is_async) {
            (Event::Upgrade, _) => quote!(#handler(#shim)),
            (_, true) => quote!(#handler(#call::Async(#shim))),
            (_, false) => quote!(#handler(#call::Sync(#shim))),
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
    path.map_or_else(|| quote!(::robyn_ws), ToTokens::to_token_stream)
}

fn private(path: Option<&Path>) -> TokenStream {
    let root = root(path);
    quote!(#root::__private)
}
