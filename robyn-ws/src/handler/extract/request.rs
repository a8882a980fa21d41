//! The upgrade request, for handlers of a connection.

use std::any::type_name;

use axum::{
    extract::{ConnectInfo, Extension},
    http::{HeaderMap, Uri, request::Parts},
    response::Response,
};

use crate::{
    handler::{
        event::{Event, EventContext, LiveEvent},
        extract::FromEvent,
        needs::{Check, Needs},
    },
    types::rejection::Rejection,
};

impl<'a, E: Event> FromEvent<'a, E> for &'a HeaderMap {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(cx.headers())
    }
}

impl<'a, E: Event> FromEvent<'a, E> for &'a Uri {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(cx.uri())
    }
}

impl<'a, E: LiveEvent, T: Clone + Send + Sync + 'static> FromEvent<'a, E> for Extension<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let value = cx.extensions().get().cloned().map(Self);
        value.ok_or_else(|| Rejection::internal(no_extension(type_name::<T>())))
    }

    fn declare(needs: &mut Needs) {
        needs.check(Check::Other(require_extension::<T>));
    }
}

impl<'a, E: LiveEvent, T: Clone + Send + Sync + 'static> FromEvent<'a, E> for ConnectInfo<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let info = cx.extensions().get().cloned();
        info.ok_or_else(|| Rejection::internal(no_connect_info(type_name::<T>())))
    }

    fn declare(needs: &mut Needs) {
        needs.check(Check::Other(require_connect_info::<T>));
    }
}

fn require_extension<T: Send + Sync + 'static>(parts: &mut Parts) -> Result<(), Response> {
    require::<T>(parts, || no_extension(type_name::<T>()))
}

fn require_connect_info<T: Send + Sync + 'static>(parts: &mut Parts) -> Result<(), Response> {
    require::<ConnectInfo<T>>(parts, || no_connect_info(type_name::<T>()))
}

fn require<T: Send + Sync + 'static>(parts: &Parts, why_not: impl FnOnce() -> String) -> Result<(), Response> {
    if parts.extensions.get::<T>().is_some() {
        return Ok(());
    }
    Err(Rejection::internal(why_not()).http_answer())
}

fn no_extension(name: &str) -> String {
    format!(
        "no layer adds an `Extension<{name}>`: add `.layer(Extension(value))` to the router of `App::router`, or call `App::inject_global` and take `Global<{name}>`"
    )
}

fn no_connect_info(name: &str) -> String {
    format!(
        "the server adds no `ConnectInfo<{name}>`: serve the router by `into_make_service_with_connect_info::<{name}>()`"
    )
}
