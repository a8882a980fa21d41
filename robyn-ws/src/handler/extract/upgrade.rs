//! The arguments of upgrade handlers: any axum extractor of request parts, and what every event offers.

use std::{any::type_name, fmt, future::ready, pin::Pin, sync::Arc};

use axum::{
    extract::{FromRequestParts, rejection::ExtensionRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{
    handler::{
        event::{EventContext, Upgrade},
        extract::FromEvent,
        inference::Inference,
        needs::Needs,
    },
    types::rejection::Rejection,
    util::log,
};

/// The request before the 101, for the extractors of an upgrade handler.
#[doc(hidden)]
pub struct UpgradeContext<'a> {
    pub(crate) event: EventContext<'a, Upgrade>,
    /// The head of the request, which axum's extractors want mutable. Other arguments borrow a copy.
    pub(crate) parts: &'a mut Parts,
}

impl UpgradeContext<'_> {
    /// Returns the app's value for the handler's `state`, which `build()` has found.
    fn state<S: AppState>(&self) -> Result<Arc<S>, UpgradeRefusal> {
        let missing = || {
            log::error!(state = type_name::<S>(), "the app was given no such state");
            UpgradeRefusal(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        };
        self.event.dependencies.state().ok_or_else(missing)
    }
}

/// A type that can be the state of an app.
#[doc(hidden)]
pub trait AppState: Send + Sync + 'static {}

impl<S: Send + Sync + 'static> AppState for S {}

/// The HTTP answer that refuses an upgrade.
#[doc(hidden)]
pub struct UpgradeRefusal(pub(crate) Response);

impl fmt::Debug for UpgradeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt(f)
    }
}

impl UpgradeRefusal {
    pub(crate) fn new(response: impl IntoResponse) -> Self {
        Self(response.into_response())
    }
}

impl fmt::Debug for UpgradeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UpgradeRefusal").field(&self.0.status()).finish()
    }
}

/// The future of an argument.
///
/// The box is `Send` by its type. In an opaque future, the compiler would look for `Send` with all lifetimes erased, and not
/// find the extractor of a type with `&'static str`.
#[doc(hidden)]
pub type Taking<'c, T> = Pin<Box<dyn Future<Output = Result<T, UpgradeRefusal>> + Send + 'c>>;

/// An argument of an upgrade handler, whose extractors take the state `S`. [`Inference`] finds its `Via`, one of the ways
/// in [`via`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of an `upgrade` handler",
    label = "not available in an `upgrade` handler",
    note = "derive `Deserialize` for the `T` of `Path` and `Query`",
    note = "an `upgrade` handler can take any axum `FromRequestParts<{S}>` type, `Hub`, `Global<T>`, `Scoped<T>`, `&HeaderMap`, `&Uri`, and `Option<_>` or `Result<_, Rejection>` of a fallible one",
    note = "axum's `State<T>` and other extractors with a state find it in that of the attribute, which is `{S}`: write `state = T` and call `App::state`, or implement `FromRef<{S}>` for a `T` that is a part of it",
    note = "there is no connection yet: take the message, the connector or the state in a handler for another event",
    note = "for a type of your own, implement axum's `FromRequestParts`"
)]
pub trait UpgradeArgument<'a, Via, S>: Sized {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>, via: Via) -> Taking<'c, Self>
    where
        Self: 'c;
    fn declare(needs: &mut Needs, ty: Inference<Self, S>, via: Via);
}

/// The ways in which an upgrade handler's argument can be taken.
#[doc(hidden)]
pub(crate) mod via {
    /// As [`FromEvent`](crate::FromEvent).
    #[derive(Clone, Copy, Debug)]
    pub struct Event;

    /// As an `Option` of an axum extractor, whatever the extractor. axum has its own for some, and none for others.
    #[derive(Clone, Copy, Debug)]
    pub struct Optional;

    /// As a `Result<_, Rejection>` of an axum extractor.
    #[derive(Clone, Copy, Debug)]
    pub struct Fallible;

    /// As an axum extractor.
    #[derive(Clone, Copy, Debug)]
    pub struct Parts;
}

// An `Inference<T, S>` finds the way in which a `T` is taken with the state `S`: the first of the following that its traits
// allow. A type can have several. Generated code calls `via` on four references to it. The compiler looks for a method with
// that many references first, and then with one less each time.

#[doc(hidden)]
pub trait ViaEvent {
    fn via(&self) -> via::Event {
        via::Event
    }
}

impl<'a, T: FromEvent<'a, Upgrade>, S> ViaEvent for &&&Inference<T, S> {}

#[doc(hidden)]
pub trait ViaOptional {
    fn via(&self) -> via::Optional {
        via::Optional
    }
}

impl<T: FromRequestParts<S>, S> ViaOptional for &&Inference<Option<T>, S> {}

#[doc(hidden)]
pub trait ViaFallible {
    fn via(&self) -> via::Fallible {
        via::Fallible
    }
}

impl<T: FromRequestParts<S>, S> ViaFallible for &&Inference<Result<T, Rejection>, S> {}

#[doc(hidden)]
pub trait ViaParts {
    fn via(&self) -> via::Parts {
        via::Parts
    }
}

impl<T: FromRequestParts<S>, S> ViaParts for &Inference<T, S> {}

#[doc(hidden)]
pub trait ViaNothing {
    /// Returns no way. The compiler's error does not name one either.
    fn via<V>(&self) -> V {
        unreachable!("this is only compiled")
    }
}

impl<T, S> ViaNothing for Inference<T, S> {}

#[diagnostic::do_not_recommend]
impl<'a, T: FromEvent<'a, Upgrade> + Send, S> UpgradeArgument<'a, via::Event, S> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>, _via: via::Event) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        let taken = T::from_event(&mut cx.event).map_err(|rejection| UpgradeRefusal(rejection.http_answer()));
        Box::pin(ready(taken))
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self, S>, _via: via::Event) {
        <T as FromEvent<'a, Upgrade>>::declare(needs);
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<S> + Send, S: AppState> UpgradeArgument<'a, via::Parts, S> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>, _via: via::Parts) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        Box::pin(async {
            let state = cx.state::<S>()?;
            let taken = T::from_request_parts(cx.parts, &state).await;
            taken.map_err(refused::<T, S>)
        })
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self, S>, _via: via::Parts) {
        needs.app_state::<S>();
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<S> + Send, S: AppState> UpgradeArgument<'a, via::Fallible, S> for Result<T, Rejection> {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>, _via: via::Fallible) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        Box::pin(async {
            let state = cx.state::<S>()?;
            let answer = match T::from_request_parts(cx.parts, &state).await {
                Ok(value) => return Ok(Ok(value)),
                Err(rejection) => rejection.into_response(),
            };
            Ok(Err(worded(answer).await))
        })
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self, S>, _via: via::Fallible) {
        needs.app_state::<S>();
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<S> + Send, S: AppState> UpgradeArgument<'a, via::Optional, S> for Option<T> {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>, _via: via::Optional) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        Box::pin(async {
            let state = cx.state::<S>()?;
            Ok(T::from_request_parts(cx.parts, &state).await.ok())
        })
    }

    fn declare(needs: &mut Needs, _ty: Inference<Self, S>, _via: via::Optional) {
        needs.app_state::<S>();
    }
}

/// Passes on an extractor's answer. The reason of a failure is of the server, so it is logged.
fn refused<T: FromRequestParts<S>, S>(rejection: T::Rejection) -> UpgradeRefusal {
    let answer = rejection.into_response();
    if answer.status().is_server_error() {
        log::error!(
            extractor = type_name::<T>(),
            status = answer.status().as_u16(),
            "an argument of the upgrade handler cannot be made: an extractor may need a layer around the app's router, which `App::router` returns; a value of the app is injected by `App::inject_global` and taken as `Global`"
        );
    }
    // The text of axum's answer has the name of a type, which is not for the client.
    if type_name::<T::Rejection>() == type_name::<ExtensionRejection>() {
        return UpgradeRefusal::new(answer.status());
    }
    UpgradeRefusal(answer)
}

/// Returns the rejection with the text of an axum extractor's answer.
async fn worded(answer: Response) -> Rejection {
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), MAX_REJECTION_BODY)
        .await
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let text = if text.is_empty() {
        status.to_string()
    } else {
        text.into_owned()
    };
    Rejection::new(crate::types::close::close_code::POLICY, text)
}

/// The longest text of an extractor's answer, in bytes. A longer one is a page, and is left out.
const MAX_REJECTION_BODY: usize = 4096;
