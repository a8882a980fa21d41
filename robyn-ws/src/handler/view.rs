//! A view as the state of its connection, for the methods of `#[websocket_view]`.

use std::any::Any;

use axum::response::IntoResponse;

use crate::{
    handler::{
        event::{EventContext, LiveEvent},
        extract::{state, upgrade::UpgradeRefusal},
        needs::Needs,
        state::ConnectionState,
        upgrade_reply::{UpgradeReply, UpgradeResult},
    },
    types::{identity::Identity, rejection::Rejection},
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
    fn upgraded(result: ViewResult<Self>) -> UpgradeResult;
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

    fn upgraded(result: ViewResult<Self>) -> UpgradeResult {
        let (identity, view) = result?;
        Ok(UpgradeReply {
            identity,
            state: Some(Box::new(view)),
        })
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

/// A view that its `upgrade` method has created, with the identity of the client if it says that too.
#[doc(hidden)]
pub(crate) type ViewResult<S> = Result<(Option<Identity>, S), UpgradeRefusal>;

/// The output of an `upgrade` method that creates the view `S`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by the `upgrade` method of `{S}`",
    label = "not an answer to an upgrade",
    note = "return `Self`, `(Identity, Self)` to say who the client is, or `Result<_, R>` of these where `R: IntoResponse` (the HTTP answer that refuses)"
)]
pub trait IntoViewReply<S> {
    fn into_view_reply(self) -> ViewResult<S>;
}

#[diagnostic::do_not_recommend]
impl<S> IntoViewReply<S> for S {
    fn into_view_reply(self) -> ViewResult<S> {
        Ok((None, self))
    }
}

#[diagnostic::do_not_recommend]
impl<S> IntoViewReply<S> for (Identity, S) {
    fn into_view_reply(self) -> ViewResult<S> {
        let (identity, view) = self;
        Ok((Some(identity), view))
    }
}

#[diagnostic::do_not_recommend]
impl<S, R: IntoResponse> IntoViewReply<S> for Result<S, R> {
    fn into_view_reply(self) -> ViewResult<S> {
        self.map_err(UpgradeRefusal::new)?.into_view_reply()
    }
}

#[diagnostic::do_not_recommend]
impl<S, R: IntoResponse> IntoViewReply<S> for Result<(Identity, S), R> {
    fn into_view_reply(self) -> ViewResult<S> {
        self.map_err(UpgradeRefusal::new)?.into_view_reply()
    }
}
