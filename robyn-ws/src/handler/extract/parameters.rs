//! Arguments that are read from the path or the query.

pub(crate) mod path;
pub(crate) mod query;
mod question;
mod samples;

use std::any::type_name;

use axum::{
    extract::{
        Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
    http::{Request, Uri, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{
    handler::{
        bad_path::{BadPath, read_path, rejected_path},
        event::{Event, EventContext, Upgrade},
        extract::FromEvent,
        needs::{Check, Needs, Parameters, Read},
    },
    types::{close::close_code, event_kind::EventKind, rejection::Rejection},
};

impl<'a, E: Event, T: DeserializeOwned + Send> FromEvent<'a, E> for Query<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Self::try_from_uri(cx.uri()).map_err(|error| Rejection::new(close_code::POLICY, error.body_text()))
    }

    fn declare(needs: &mut Needs) {
        declare::<E, T>(needs, Read::Query(try_query::<T>));
    }
}

impl<'a, E: Event, T: DeserializeOwned + Send> FromEvent<'a, E> for Path<T> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let mut parts = parts(cx);
        read_path(&mut parts).map_err(|bad| rejected_path(&bad, &mut parts))
    }

    fn declare(needs: &mut Needs) {
        declare::<E, T>(needs, Read::Path(try_path::<T>));
    }
}

// With axum's own rejections, upgrade handlers decide about a value themselves. A type that no value fits is a mistake.

impl<'a, T: DeserializeOwned + Send> FromEvent<'a, Upgrade> for Result<Query<T>, QueryRejection> {
    fn from_event(cx: &mut EventContext<'a, Upgrade>) -> Result<Self, Rejection> {
        Ok(Query::try_from_uri(cx.uri()))
    }

    fn declare(needs: &mut Needs) {
        needs.fallibly(<Query<T> as FromEvent<'a, Upgrade>>::declare);
    }
}

impl<'a, T: DeserializeOwned + Send> FromEvent<'a, Upgrade> for Result<Path<T>, PathRejection> {
    fn from_event(cx: &mut EventContext<'a, Upgrade>) -> Result<Self, Rejection> {
        let mut parts = parts(cx);
        match read_path(&mut parts) {
            Ok(path) => Ok(Ok(path)),
            Err(Some(rejection)) => Ok(Err(rejection)),
            Err(bad) => Err(rejected_path(&bad, &mut parts)),
        }
    }

    fn declare(needs: &mut Needs) {
        needs.fallibly(<Path<T> as FromEvent<'a, Upgrade>>::declare);
    }
}

/// Returns a request with the parameters of the path: axum keeps them in a private extension and reads them with a private
/// deserializer.
fn parts<E: Event>(cx: &EventContext<'_, E>) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.extensions = cx.extensions().clone();
    parts
}

// Functions of `T` alone, so that the handlers of all events share them.

fn try_query<T: DeserializeOwned>(uri: &Uri) -> Result<(), QueryRejection> {
    Query::<T>::try_from_uri(uri).map(drop)
}

fn try_path<T: DeserializeOwned + Send>(parts: &mut Parts) -> Result<(), BadPath> {
    read_path::<T>(parts).map(drop)
}

/// Declares an argument. That of an upgrade handler is not read before the handler, which may refuse the request for a
/// better reason.
fn declare<E: Event, T: DeserializeOwned>(needs: &mut Needs, read: Read) {
    if E::KIND != EventKind::Upgrade {
        needs.check(Check::Parameters(read));
    }
    needs.parameters.push(Parameters {
        name: type_name::<T>(),
        read,
        is_one_value: question::is_one_value::<T>,
        is_optional: false,
    });
}
