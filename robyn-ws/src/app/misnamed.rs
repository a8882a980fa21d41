//! The names that an app's methods have in Robyn and other frameworks. The compiler explains a call of one: no value
//! implements its bound.

use std::future::{Ready, ready};

use crate::{app::App, types::error::ServeError};

/// No value implements it: an app injects globally, as a sub-router injects for its own handlers.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an `App` has no `inject`, which is for sub-routers: the method is `inject_global`",
    label = "write `.inject_global(..)`; handlers take the value as `Global<T>`"
)]
pub trait InjectIsGlobal {}

/// No address implements it: an app is served.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an `App` has no `start` and no `listen`: the method is `serve`",
    label = "write `.serve(\"127.0.0.1:8080\").await`"
)]
pub trait StartIsServe {}

impl App {
    #[doc(hidden)]
    pub fn inject<T: InjectIsGlobal>(self, _value: T) -> Self {
        self
    }

    #[doc(hidden)]
    pub fn start<A: StartIsServe>(self, _address: A) -> Ready<Result<(), ServeError>> {
        ready(Ok(()))
    }

    #[doc(hidden)]
    pub fn listen<A: StartIsServe>(self, _address: A) -> Ready<Result<(), ServeError>> {
        ready(Ok(()))
    }
}
