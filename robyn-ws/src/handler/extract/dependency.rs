//! Values injected into the app or a sub-router.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{
    handler::{
        dependencies::{Dependency, Globals, Instead, Scopes},
        event::{Event, EventContext},
        extract::FromEvent,
        needs::Needs,
    },
    types::rejection::Rejection,
    util::log,
};

/// Returns the text of a missing [`Global`].
pub(crate) fn no_global(missing: Dependency, scopes: &Scopes) -> String {
    let instead = scopes.globals.instead_of(missing);
    instead.map_or_else(
        || format!("no `{}` was injected: call `App::inject_global`", missing.name),
        |instead| other_form("Global", missing, &instead),
    )
}

/// Returns the text of a missing [`Scoped`].
pub(crate) fn no_scoped(missing: Dependency, scopes: &Scopes) -> String {
    let instead = scopes.scoped.iter().find_map(|scope| scope.instead_of(missing));
    instead.map_or_else(
        || format!("no `{}` was injected: call `SubRouter::inject`", missing.name),
        |instead| other_form("Scoped", missing, &instead),
    )
}

fn other_form(argument: &str, Dependency { name, .. }: Dependency, instead: &Instead) -> String {
    match instead {
        Instead::InArc => format!(
            "an `Arc<{name}>` was injected, which is another type: take `{argument}<Arc<{name}>>`, or inject the `{name}` itself, which handlers share anyway"
        ),
        Instead::WithoutArc(bare) => {
            format!("a `{bare}` was injected, which handlers share anyway: take `{argument}<{bare}>`")
        }
        Instead::Other(other) => {
            format!("an `{other}` was injected, which is another type: inject it as `{name}`, with `value as {name}`")
        }
    }
}

macro_rules! dependency {
    ($(#[$doc:meta])* $name:ident, $find:ident, $missing:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T: ?Sized>(Arc<T>);

        impl<T> $name<T> {
            /// Creates a dependency, to call a handler as a function in a test.
            pub fn new(value: T) -> Self {
                Self(Arc::new(value))
            }

            /// Returns the shared value.
            pub fn into_inner(self) -> Arc<T> {
                self.0
            }
        }

        impl<T: ?Sized> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<T: ?Sized> Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<'a, E: Event, T: Send + Sync + 'static> FromEvent<'a, E> for $name<T> {
            const READS_REQUEST: bool = false;

            fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
                let value = cx.$find().map(Self);
                value.ok_or_else(|| Rejection::internal($missing(Dependency::of::<T>(), cx.dependencies)))
            }

            fn declare(needs: &mut Needs) {
                needs.$find(Dependency::of::<T>());
            }
        }
    };
}

dependency! {
    /// A value of the app, from [`App::inject_global`](crate::App::inject_global). Cheap to clone.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// struct Justice {
    ///     city: &'static str,
    /// }
    ///
    /// #[websocket("/where", on = "message")]
    /// fn whereabouts(deps: Global<Justice>) -> &'static str {
    ///     deps.city
    /// }
    ///
    /// assert_eq!(whereabouts(Global::new(Justice { city: "Gotham" })), "Gotham");
    /// ```
    ///
    /// It is an axum extractor as well, in the routes of [`App::http`](crate::App::http) and in your own extractors of upgrade
    /// handlers. If the app has no `T`, the answer is 500, and the reason is logged.
    ///
    /// ```
    /// use robyn_ws::{axum::{Router, routing::get}, prelude::*};
    ///
    /// struct Justice {
    ///     city: &'static str,
    /// }
    ///
    /// async fn city(justice: Global<Justice>) -> &'static str {
    ///     justice.city
    /// }
    ///
    /// let app = App::new()
    ///     .inject_global(Justice { city: "Gotham" })
    ///     .http(Router::new().route("/city", get(city)));
    /// # drop(app);
    /// ```
    Global, global, no_global
}

dependency! {
    /// A value of the endpoint's sub-router, or of the nearest one around it, from
    /// [`SubRouter::inject`](crate::SubRouter::inject). Cheap to clone.
    Scoped, scoped, no_scoped
}

impl<S: Send + Sync, T: Send + Sync + 'static> FromRequestParts<S> for Global<T> {
    type Rejection = GlobalRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let globals = parts.extensions.get::<Globals>().ok_or(GlobalRejection(None))?;
        let missing = || {
            let scopes = Scopes {
                globals: globals.0.clone(),
                ..Scopes::default()
            };
            GlobalRejection(Some(no_global(Dependency::of::<T>(), &scopes)))
        };
        globals.0.get().map(Self).ok_or_else(missing)
    }
}

/// The rejection of [`Global`] as an axum extractor: 500, with the reason in the log only.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.as_deref().unwrap_or("this route does not belong to an app: pass it to `App::http`"))]
pub struct GlobalRejection(Option<String>);

impl IntoResponse for GlobalRejection {
    fn into_response(self) -> Response {
        log::error!("{self}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
