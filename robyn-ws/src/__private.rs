//! Not a public API: the names in generated code.

use std::{future::Future, marker::PhantomData};

use futures_util::FutureExt;
pub use inventory;

use crate::util::isolate;

pub use crate::{
    endpoint::{
        registry::{Call, CalledHandler, Entry, Handler, UpgradeFn, UpgradeFuture},
        router::SubRouter,
    },
    handler::{
        call_reply::IntoCallReply,
        event::{self, Event, EventContext},
        extract::{
            argument::{CallArgument, CloseArgument, ConnectArgument, MessageArgument, SessionArgument},
            upgrade::{Taking, UpgradeArgument, UpgradeContext, UpgradeRefusal},
        },
        inference::Inference,
        needs::Needs,
        reply::{HandlerResult, IntoReply},
        upgrade_reply::{IntoUpgradeReply, UpgradeResult},
        view::{IntoViewReply, SharedView, ViewState},
    },
};

/// The ways to find how an upgrade handler's argument is taken.
pub mod via {
    pub use crate::handler::extract::upgrade::{
        ViaEvent as _, ViaFallible as _, ViaNothing as _, ViaOptional as _, ViaParts as _,
    };
}

/// The ways to find what the parts of a handler are.
#[cfg(feature = "contract")]
pub mod describe {
    pub use crate::handler::description::shape::{
        Itself as _, Known as _, OfAnything as _, OfJson as _, OfSchema as _, Success as _, Whole as _, Within as _,
    };
}

/// A type that the compiler infers, at the place of a longer type.
pub type Inferred<T> = T;

/// Returns the type that a handler returns.
pub const fn output_of<R>(_handler: &impl AsyncFnOnce() -> R) -> Inference<R> {
    Inference::NEW
}

/// The words of `#[websocket]`, which editors complete and explain.
pub mod editor {
    pub mod keys {
        /// The event that the function handles: `on = "message"`.
        pub mod on {}
        /// The name under which a `call` handler is called: `method = "say"`.
        pub mod method {}
        /// The `static` `SubRouter` that the endpoint belongs to: `router = LEAGUE`.
        pub mod router {}
        /// The state that the extractors of an upgrade handler take, given by `App::state`: `state = AppState`.
        pub mod state {}
        /// Runs the function, which is not `async`, on a thread that may block.
        pub mod blocking {}
    }

    /// The keys of `#[websocket_view]`.
    pub mod view_keys {
        /// The `static` `SubRouter` that the endpoint belongs to: `router = LEAGUE`.
        pub mod router {}
        /// The state that the extractors of `upgrade` take, given by `App::state`: `state = AppState`.
        pub mod state {}
    }

    /// The words of `#[view]`.
    pub mod method_keys {
        /// Runs the method, which is not `async`, on a thread that may block.
        pub mod blocking {}
    }

    pub mod events {
        /// Decides about the request before a socket is opened: `on = "upgrade"`.
        pub mod upgrade {}
        /// Runs when the socket is open: `on = "connect"`.
        pub mod connect {}
        /// Runs for each text or binary message: `on = "message"`.
        pub mod message {}
        /// Runs for each call of its method, in JSON-RPC 2.0: `on = "call", method = "say"`.
        pub mod call {}
        /// Runs once after the connection has ended: `on = "close"`.
        pub mod close {}
    }
}

/// Boxes the future of an asynchronous handler, turns its output into a reply, and catches its panics. Its name appears in
/// the error for a future that is not `Send`.
pub fn handler_future_must_be_send<'a, F>(future: F, into_reply: fn(F::Output) -> HandlerResult) -> CalledHandler<'a>
where
    F: Future + Send + 'a,
    F::Output: 'a,
{
    Ok(Box::pin(isolate::future(future.map(into_reply))))
}

/// Boxes the future of an upgrade handler.
pub fn upgrade_future_must_be_send<'a, F>(future: F) -> UpgradeFuture<'a>
where
    F: Future<Output = UpgradeResult> + Send + 'a,
{
    Box::pin(future)
}

/// Two states that a handler borrows, one of them as `&mut`.
#[derive(Debug)]
pub struct States<A: ?Sized, B: ?Sized>(PhantomData<A>, PhantomData<B>);

impl<S: ?Sized> States<S, S> {
    /// Comes before the function of [`TwoStates`], so that two names of one type are an error.
    pub fn are_two()
    where
        S: BorrowedOnce,
    {
    }
}

/// Two types.
pub trait TwoStates {
    fn are_two() {}
}

impl<A: ?Sized, B: ?Sized> TwoStates for States<A, B> {}

/// No type has it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken twice, once as `&mut`",
    label = "another argument is the same state",
    note = "take it once, as `&mut {Self}`"
)]
pub trait BorrowedOnce {}

/// A state that begins as its `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot begin as its `Default`",
    label = "this type has no `Default`",
    note = "derive `Default` as well, or add `#[connection_state(from_upgrade)]` if an `upgrade` handler makes it"
)]
pub trait StateDefault: Sized {
    fn state_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> StateDefault for T {
    fn state_default() -> Self {
        Self::default()
    }
}
