//! The parameters of a path, and why they cannot be read.

use axum::{
    extract::{FromRequestParts, Path, RawPathParams, path::ErrorKind, rejection::PathRejection},
    http::{StatusCode, request::Parts},
    response::Response,
};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;

use crate::types::{close::close_code, rejection::Rejection};

/// Why a path cannot be read. It is `None` if axum waited, which it does not.
pub(crate) type BadPath = Option<PathRejection>;

/// Reads the parameters of the path. axum does so without waiting.
pub(super) fn read_path<T: DeserializeOwned + Send>(parts: &mut Parts) -> Result<Path<T>, BadPath> {
    let reading = Path::from_request_parts(parts, &()).now_or_never();
    reading.map_or(Err(None), |path| path.map_err(Some))
}

/// Returns the rejection of an argument.
pub(super) fn rejected_path(bad: &BadPath, parts: &mut Parts) -> Rejection {
    match explain(bad, parts) {
        (StatusCode::INTERNAL_SERVER_ERROR, why) => Rejection::internal(why),
        (_, why) => Rejection::new(close_code::POLICY, why),
    }
}

/// Returns the HTTP answer to a path that cannot be read.
pub(super) fn refused_path(bad: &BadPath, parts: &mut Parts) -> Response {
    rejected_path(bad, parts).http_answer()
}

/// Returns the mistake in the path, with the name of the parameter also where axum only knows its position.
fn explain(bad: &BadPath, parts: &mut Parts) -> (StatusCode, String) {
    let Some(rejection) = bad else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the path was not ready".to_owned());
    };
    let named = position(rejection).and_then(|position| {
        let params = RawPathParams::from_request_parts(parts, &()).now_or_never()?.ok()?;
        let (name, _) = params.iter().nth(position)?;
        let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
            return None;
        };
        Some(format!("Invalid URL: {name}: {}", failed.kind()))
    });
    (rejection.status(), named.unwrap_or_else(|| rejection.body_text()))
}

/// Returns the position of the parameter that cannot be parsed, where axum does not name it.
fn position(rejection: &PathRejection) -> Option<usize> {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return None;
    };
    match failed.kind() {
        ErrorKind::ParseError { .. } => Some(0),
        ErrorKind::ParseErrorAtIndex { index, .. } => Some(*index),
        _ => None,
    }
}
