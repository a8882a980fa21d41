//! Values injected into the app or a sub-router.

use std::{any::TypeId, any::type_name, ops::Deref, sync::Arc};

use crate::{
    handler::{
        event::{Event, EventContext},
        extract::FromEvent,
        needs::Needs,
    },
    types::rejection::Rejection,
};

macro_rules! dependency {
    ($(#[$doc:meta])* $name:ident, $find:ident, $needs:ident, $from:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T: ?Sized>(Arc<T>);

        impl<T> $name<T> {
            /// Wraps a value, to call a handler as a function in a test.
            pub fn new(value: T) -> Self {
                Self(Arc::new(value))
            }

            /// Gives the shared value.
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
                cx.$find().map(Self).ok_or_else(|| {
                    Rejection::internal(format!(concat!("no `{}` was injected into ", $from), type_name::<T>()))
                })
            }

            fn declare(needs: &mut Needs) {
                needs.$needs(TypeId::of::<T>(), type_name::<T>());
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
    Global, global, global, "the app: call `App::inject_global`"
}

dependency! {
    /// A value of the endpoint's sub-router, or of the nearest one around it, from
    /// [`SubRouter::inject`](crate::SubRouter::inject). Cheap to clone.
    Scoped, scoped, scoped, "the sub-router: call `SubRouter::inject`"
}
