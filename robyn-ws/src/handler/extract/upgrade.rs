//! The arguments of upgrade handlers: any axum extractor of request parts, and what every event offers.

use std::{fmt, future::ready, pin::Pin};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{
    handler::{
        event::{EventContext, Upgrade},
        extract::FromEvent,
        needs::Needs,
    },
    types::rejection::Rejection,
    util::log,
};

/// The request before the 101, for the extractors of an upgrade handler's arguments.
#[doc(hidden)]
pub struct UpgradeContext<'a> {
    pub(crate) event: EventContext<'a, Upgrade>,
    /// A copy of the request's head: axum's extractors want it mutable, and other arguments borrow the original.
    pub(crate) parts: &'a mut Parts,
}

/// The HTTP answer that refuses an upgrade.
#[doc(hidden)]
pub struct UpgradeRefusal(pub(crate) Response);

impl fmt::Debug for UpgradeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt(f)
    }
}

impl fmt::Debug for UpgradeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UpgradeRefusal").field(&self.0.status()).finish()
    }
}

/// An argument that is being made.
///
/// It is boxed to be `Send` by its type. The compiler would look into an opaque future for that with all lifetimes
/// erased, and then finds no extractor in a type that says `&'static str`.
#[doc(hidden)]
pub type Taking<'c, T> = Pin<Box<dyn Future<Output = Result<T, UpgradeRefusal>> + Send + 'c>>;

/// An argument of an upgrade handler. `Marker` tells the ways apart and is inferred.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of an `upgrade` handler",
    label = "not available in an `upgrade` handler",
    note = "an `upgrade` handler can take any axum `FromRequestParts` type, `Global<T>`, `Scoped<T>`, `&HeaderMap`, `&Uri`, and `Option<_>` or `Result<_, Rejection>` of a fallible one",
    note = "there is no connection yet: take the message, the connector or the state in a handler for another event",
    note = "for a type of your own, implement axum's `FromRequestParts`"
)]
pub trait UpgradeArgument<'a, Marker>: Sized {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Self>
    where
        Self: 'c;
    fn declare(needs: &mut Needs);
}

#[doc(hidden)]
#[derive(Debug)]
pub enum ViaEvent {}
#[doc(hidden)]
#[derive(Debug)]
pub enum ViaParts {}
#[doc(hidden)]
#[derive(Debug)]
pub enum ViaResult {}

#[diagnostic::do_not_recommend]
impl<'a, T: FromEvent<'a, Upgrade> + Send> UpgradeArgument<'a, ViaEvent> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        let taken = T::from_event(&mut cx.event).map_err(|rejection| UpgradeRefusal(refuse(&rejection)));
        Box::pin(ready(taken))
    }

    fn declare(needs: &mut Needs) {
        <T as FromEvent<'a, Upgrade>>::declare(needs);
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<()> + Send> UpgradeArgument<'a, ViaParts> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        Box::pin(async {
            let taken = T::from_request_parts(cx.parts, &()).await;
            taken.map_err(|rejection| UpgradeRefusal(rejection.into_response()))
        })
    }

    fn declare(_needs: &mut Needs) {}
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<()> + Send> UpgradeArgument<'a, ViaResult> for Result<T, Rejection> {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Self>
    where
        Self: 'c,
    {
        Box::pin(async {
            let answer = match T::from_request_parts(cx.parts, &()).await {
                Ok(value) => return Ok(Ok(value)),
                Err(rejection) => rejection.into_response(),
            };
            Ok(Err(worded(answer).await))
        })
    }

    fn declare(_needs: &mut Needs) {}
}

/// The `T` of an upgrade handler's `Option<T>`, which is absent where `T` would be rejected, whatever `T` is.
///
/// It is a trait of its own since axum has its own `Option` for some extractors, and none for others.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be an argument of an `upgrade` handler",
    label = "not available in an `upgrade` handler",
    note = "an `upgrade` handler can take any axum `FromRequestParts` type, `Global<T>`, `Scoped<T>`, `&HeaderMap`, `&Uri`, and `Option<_>` or `Result<_, Rejection>` of a fallible one",
    note = "there is no connection yet: take the message, the connector or the state in a handler for another event",
    note = "for a type of your own, implement axum's `FromRequestParts`"
)]
pub trait OptionalUpgradeArgument<'a, Marker>: Sized {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Option<Self>>
    where
        Self: 'c;
    fn declare(needs: &mut Needs);
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromEvent<'a, Upgrade> + Send> OptionalUpgradeArgument<'a, ViaEvent> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Option<Self>>
    where
        Self: 'c,
    {
        Box::pin(ready(Ok(T::from_event(&mut cx.event).ok())))
    }

    fn declare(needs: &mut Needs) {
        needs.optionally(<T as FromEvent<'a, Upgrade>>::declare);
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: FromRequestParts<()> + Send> OptionalUpgradeArgument<'a, ViaParts> for T {
    fn take<'c>(cx: &'c mut UpgradeContext<'a>) -> Taking<'c, Option<Self>>
    where
        Self: 'c,
    {
        Box::pin(async { Ok(T::from_request_parts(cx.parts, &()).await.ok()) })
    }

    fn declare(_needs: &mut Needs) {}
}

/// Makes a rejection of the answer by which an axum extractor refuses.
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

/// An extractor's rejection is a sentence; one that is a page is not worth reading.
const MAX_REJECTION_BODY: usize = 4096;

/// Before the 101 a rejection is an HTTP answer: the server's fault or the client's.
pub(crate) fn refuse(rejection: &Rejection) -> Response {
    if rejection.code() == crate::types::close::close_code::INTERNAL_ERROR {
        log::error!("{rejection}");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    (StatusCode::BAD_REQUEST, rejection.reason().to_owned()).into_response()
}
