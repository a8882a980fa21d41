//! The upgrade request, for handlers of a connection.

use std::any::type_name;

use axum::{
    extract::{
        ConnectInfo, Extension, FromRequestParts, Path, Query, RawPathParams, path::ErrorKind, rejection::PathRejection,
    },
    http::{HeaderMap, Request, StatusCode, Uri, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;

use crate::{
    handler::{
        event::{Event, EventContext, LiveEvent},
        extract::FromEvent,
        needs::Needs,
    },
    types::{close::close_code, rejection::Rejection},
    util::log,
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

impl<'a, E: LiveEvent, T: DeserializeOwned + Send> FromEvent<'a, E> for Query<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Self::try_from_uri(cx.uri()).map_err(|error| Rejection::new(close_code::POLICY, error.body_text()))
    }

    fn declare(needs: &mut Needs) {
        needs.check(|parts| {
            Self::try_from_uri(&parts.uri)
                .map(drop)
                .map_err(IntoResponse::into_response)
        });
    }
}

impl<'a, E: LiveEvent, T: DeserializeOwned + Send> FromEvent<'a, E> for Path<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        // axum keeps the parameters in a private extension and reads them with a private deserializer.
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions = cx.extensions().clone();
        path(&mut parts).map_err(|(_, why)| Rejection::new(close_code::POLICY, why))
    }

    fn declare(needs: &mut Needs) {
        needs.check(|parts| path::<T>(parts).map(drop).map_err(IntoResponse::into_response));
    }
}

/// Reads the parameters of the path. axum does so without waiting.
fn path<T: DeserializeOwned + Send>(parts: &mut Parts) -> Result<Path<T>, (StatusCode, String)> {
    match Path::from_request_parts(parts, &()).now_or_never() {
        Some(result) => result.map_err(|rejection| (rejection.status(), bad_path(&rejection, parts))),
        None => Err((StatusCode::INTERNAL_SERVER_ERROR, "the path was not ready".to_owned())),
    }
}

/// Returns the mistake in the path, with the name of the parameter also where axum only knows its position.
fn bad_path(rejection: &PathRejection, parts: &mut Parts) -> String {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return rejection.body_text();
    };
    let position = match failed.kind() {
        ErrorKind::ParseError { .. } => 0,
        ErrorKind::ParseErrorAtIndex { index, .. } => *index,
        _ => return rejection.body_text(),
    };
    let params = RawPathParams::from_request_parts(parts, &()).now_or_never();
    let params = params.and_then(Result::ok);
    match params.iter().flatten().nth(position) {
        Some((name, _)) => format!("Invalid URL: {name}: {}", failed.kind()),
        None => rejection.body_text(),
    }
}

impl<'a, E: LiveEvent, T: Clone + Send + Sync + 'static> FromEvent<'a, E> for Extension<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.extensions()
            .get::<T>()
            .cloned()
            .map(Self)
            .ok_or_else(|| Rejection::internal(no_extension::<T>()))
    }

    fn declare(needs: &mut Needs) {
        needs.check(|parts| require_extension::<T>(parts));
    }
}

impl<'a, E: LiveEvent, T: Clone + Send + Sync + 'static> FromEvent<'a, E> for ConnectInfo<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Rejection::internal(no_extension::<Self>()))
    }

    fn declare(needs: &mut Needs) {
        needs.check(|parts| require_extension::<Self>(parts));
    }
}

fn require_extension<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<(), Response> {
    if parts.extensions.get::<T>().is_some() {
        return Ok(());
    }
    log::error!("{}", no_extension::<T>());
    Err((StatusCode::INTERNAL_SERVER_ERROR, no_extension::<T>()).into_response())
}

fn no_extension<T>() -> String {
    let name = type_name::<T>();
    format!("the request has no `{name}`: add a layer or a connect info that provides it")
}
