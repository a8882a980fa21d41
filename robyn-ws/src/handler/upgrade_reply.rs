//! The return values of upgrade handlers.

use std::any::Any;

use axum::response::IntoResponse;

use crate::{
    handler::{extract::upgrade::UpgradeRefusal, inference::Inference, needs::Needs, state::ConnectionState},
    types::identity::Identity,
};

/// The outcome of an upgrade handler: go on, perhaps with a state and an identity, or refuse.
#[doc(hidden)]
pub type UpgradeResult = Result<UpgradeReply, UpgradeRefusal>;

/// What an upgrade handler has returned for the connection.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct UpgradeReply {
    pub(crate) identity: Option<Identity>,
    pub(crate) state: Option<Box<dyn Any + Send>>,
}

/// A type that an upgrade handler can return.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by an `upgrade` handler",
    label = "not an answer to an upgrade",
    note = "an `upgrade` handler can return `()` to accept, `S` to accept with a state, `Identity` to say who the client is, `(Identity, S)` for both, or `Result<_, R>` of these to refuse with an `Err`, where `S` derives `ConnectionState` and `R: IntoResponse`",
    note = "an HTTP answer only refuses: return it as `Err(answer)`",
    note = "a text or a message can be sent once the connection exists: return it from a handler with `on = \"connect\"`, or from the method `connect` of a view"
)]
pub trait IntoUpgradeReply: Sized {
    fn into_upgrade_reply(self) -> UpgradeResult;
    fn declare(needs: &mut Needs, ty: Inference<Self>);
}

#[diagnostic::do_not_recommend]
impl IntoUpgradeReply for () {
    fn into_upgrade_reply(self) -> UpgradeResult {
        Ok(UpgradeReply::default())
    }

    fn declare(_needs: &mut Needs, _ty: Inference<Self>) {}
}

#[diagnostic::do_not_recommend]
impl<S: ConnectionState> IntoUpgradeReply for S {
    fn into_upgrade_reply(self) -> UpgradeResult {
        Ok(UpgradeReply {
            identity: None,
            state: Some(Box::new(self)),
        })
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self>) {
        needs.provides::<S>();
    }
}

#[diagnostic::do_not_recommend]
impl IntoUpgradeReply for Identity {
    fn into_upgrade_reply(self) -> UpgradeResult {
        Ok(UpgradeReply {
            identity: Some(self),
            state: None,
        })
    }

    fn declare(_needs: &mut Needs, _ty: Inference<Self>) {}
}

#[diagnostic::do_not_recommend]
impl<S: ConnectionState> IntoUpgradeReply for (Identity, S) {
    fn into_upgrade_reply(self) -> UpgradeResult {
        let (identity, state) = self;
        Ok(UpgradeReply {
            identity: Some(identity),
            state: Some(Box::new(state)),
        })
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self>) {
        needs.provides::<S>();
    }
}

/// A `Result` refuses the upgrade with its error.
macro_rules! fallible {
    ($([$($generics:tt)*] $accepted:ty),+) => {
        $(#[diagnostic::do_not_recommend]
        impl<$($generics)* R: IntoResponse> IntoUpgradeReply for Result<$accepted, R> {
            fn into_upgrade_reply(self) -> UpgradeResult {
                self.map_err(UpgradeRefusal::new)?.into_upgrade_reply()
            }

            fn declare(needs: &mut Needs, _ty: Inference<Self>) {
                <$accepted>::declare(needs, Inference::NEW);
            }
        })+
    };
}

fallible!([] (), [S: ConnectionState,] S, [] Identity, [S: ConnectionState,] (Identity, S));
