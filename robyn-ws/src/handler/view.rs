//! A view as the state of its connection, for the methods of `#[websocket_view]`.

use std::any::Any;

use axum::response::IntoResponse;

use crate::{
    handler::{
        event::{EventContext, LiveEvent},
        extract::{state, upgrade::UpgradeRefusal},
        needs::Needs,
        reply::{IntoUpgradeReply, UpgradeResult},
        state::ConnectionState,
    },
    types::rejection::Rejection,
};

/// A view whose methods borrow it, or create it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection state",
    label = "a view with `self` or `Self` is the state of its connection",
    note = "derive it: `#[derive(Default, ConnectionState)]`",
    note = "if only `upgrade` can create it, `#[derive(ConnectionState)]` and `#[connection_state(from_upgrade)]`"
)]
pub trait ViewState: Sized {
    fn take<'a, E: LiveEvent>(cx: &mut EventContext<'a, E>) -> Result<&'a mut Self, Rejection>;
    fn declare(needs: &mut Needs);
    fn declare_shared(needs: &mut Needs);
    fn upgraded(result: Result<Self, UpgradeRefusal>) -> UpgradeResult;
    fn provide(needs: &mut Needs);
}

#[diagnostic::do_not_recommend]
impl<S: ConnectionState> ViewState for S {
    fn take<'a, E: LiveEvent>(cx: &mut EventContext<'a, E>) -> Result<&'a mut Self, Rejection> {
        cx.state().exclusive()
    }

    fn declare(needs: &mut Needs) {
        state::declare::<S>(needs, true);
    }

    fn declare_shared(needs: &mut Needs) {
        state::declare::<S>(needs, false);
    }

    fn upgraded(result: Result<Self, UpgradeRefusal>) -> UpgradeResult {
        result?.into_upgrade_reply()
    }

    fn provide(needs: &mut Needs) {
        needs.provides::<S>();
    }
}

/// A view that a method can borrow as `&self`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed as `&self`, because it is not `Sync`",
    label = "other arguments could borrow it at the same time",
    note = "write `&mut self`"
)]
pub trait SharedView: Sized {
    /// Lends a view that no other argument has taken yet.
    fn share<'a, E: LiveEvent>(&'a mut self, cx: &mut EventContext<'a, E>) -> &'a Self;
}

#[diagnostic::do_not_recommend]
impl<S: Any + Send + Sync> SharedView for S {
    fn share<'a, E: LiveEvent>(&'a mut self, cx: &mut EventContext<'a, E>) -> &'a Self {
        cx.state().share(self)
    }
}

/// The output of an `upgrade` method that creates the view `S`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by the `upgrade` method of `{S}`",
    label = "not an answer to an upgrade",
    note = "return `Self`, or `Result<Self, R>` where `R: IntoResponse` (the HTTP answer that refuses)"
)]
pub trait IntoViewReply<S> {
    fn into_view_reply(self) -> Result<S, UpgradeRefusal>;
}

#[diagnostic::do_not_recommend]
impl<S> IntoViewReply<S> for S {
    fn into_view_reply(self) -> Result<S, UpgradeRefusal> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<S, R: IntoResponse> IntoViewReply<S> for Result<S, R> {
    fn into_view_reply(self) -> Result<S, UpgradeRefusal> {
        self.map_err(UpgradeRefusal::new)
    }
}
