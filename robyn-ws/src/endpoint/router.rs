//! Sub-routers: a prefix, and the handlers that name it.

use std::panic::Location;

#[cfg(feature = "deflate")]
use crate::types::compression::Compression;
use crate::{
    handler::dependencies::Dependencies,
    types::{
        error::{Place, Problems},
        limits::Limits,
        setting::{ONE_LIMITS, Setting},
    },
};

/// A prefix for the paths of the handlers that name it. It is a `static`, so that handlers can name it anywhere:
///
/// ```
/// use robyn_ws::prelude::*;
///
/// struct Mailer;
///
/// static LEAGUE: SubRouter = SubRouter::new("/league");
///
/// #[websocket("/chat", on = "message", router = LEAGUE)]
/// async fn chat(ws: WebSocketConnector, msg: String, _mailer: Scoped<Mailer>) {
///     ws.async_broadcast(msg).await;
/// }
///
/// // Served at /league/chat:
/// let app = App::new().include_router(LEAGUE.inject(Mailer));
/// # drop(app);
/// ```
#[derive(Debug)]
pub struct SubRouter {
    prefix: &'static str,
    file: &'static str,
    line: u32,
}

/// No value implements it: the compiler explains a call of `inject_global`, as one of `inject` on an app.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a sub-router has no `inject_global`, which is for the `App`: the method is `inject`",
    label = "write `.inject(..)`; handlers of the sub-router take the value as `Scoped<T>`"
)]
pub trait InjectIsScoped {}

impl SubRouter {
    /// Creates a sub-router. `prefix` is written like a path: `/league`, `/{tenant}`.
    ///
    /// # Panics
    ///
    /// If `prefix` does not begin with `/`, or ends with it. In a `static` that is a compile error.
    #[track_caller]
    pub const fn new(prefix: &'static str) -> Self {
        let bytes = prefix.as_bytes();
        assert!(
            !matches!(bytes, [] | [b'/']),
            "a sub-router has a prefix, such as `/league`: a handler without a prefix has no `router = ..`"
        );
        assert!(
            bytes[0] == b'/',
            "the prefix of a sub-router must begin with `/`: write `/league`"
        );
        assert!(
            bytes[bytes.len() - 1] != b'/',
            "the prefix of a sub-router must not end with `/`: write `/league`, not `/league/`"
        );
        let place = Location::caller();
        Self {
            prefix,
            file: place.file(),
            line: place.line(),
        }
    }

    /// Injects `value`. The handlers of this sub-router, and of the sub-routers in it, take it as
    /// [`Scoped<T>`](crate::Scoped).
    #[track_caller]
    pub fn inject<T: Send + Sync + 'static>(&'static self, value: T) -> IncludedRouter {
        IncludedRouter::new(self).inject(value)
    }

    #[doc(hidden)]
    pub fn inject_global<T: InjectIsScoped>(&'static self, _value: T) -> IncludedRouter {
        IncludedRouter::new(self)
    }

    /// Sets limits, which can only narrow those around them. `build()` reports wider ones, and a second call.
    #[track_caller]
    pub fn limits(&'static self, limits: Limits) -> IncludedRouter {
        IncludedRouter::new(self).limits(limits)
    }

    /// Sets the compression of messages. It can only narrow the compression of the surrounding router: from dedicated to
    /// shared compressors, to fewer dedicated ones, or to [`Compression::off`]. `build()` reports a wider one, and a second
    /// call. It needs the cargo feature `deflate`.
    ///
    /// ```
    /// use robyn_ws::{Compression, prelude::*};
    ///
    /// static LOGIN: SubRouter = SubRouter::new("/login");
    ///
    /// #[websocket("/", on = "message", router = LOGIN)]
    /// fn login(_msg: &str) {}
    ///
    /// let app = App::new()
    ///     .compression(Compression::shared())
    ///     .include_router(LOGIN.compression(Compression::off()));
    /// # drop(app);
    /// ```
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[track_caller]
    pub fn compression(&'static self, compression: Compression) -> IncludedRouter {
        IncludedRouter::new(self).compression(compression)
    }

    /// Includes another sub-router. Its prefix comes behind the prefix of this one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use robyn_ws::prelude::*;
    ///
    /// static LEAGUE: SubRouter = SubRouter::new("/league");
    /// static ADMIN: SubRouter = SubRouter::new("/admin");
    ///
    /// #[websocket("/log", on = "message", router = ADMIN)]
    /// fn log(_msg: &str) {}
    ///
    /// // Served at /league/admin/log:
    /// let admin = ADMIN.limits(Limits::default().idle_timeout(Duration::from_secs(60)));
    /// let app = App::new().include_router(LEAGUE.include_router(admin));
    /// # drop(app);
    /// ```
    #[track_caller]
    pub fn include_router(&'static self, router: impl Into<IncludedRouter>) -> IncludedRouter {
        IncludedRouter::new(self).include_router(router)
    }

    pub(crate) const fn prefix(&self) -> &'static str {
        self.prefix
    }

    pub(crate) const fn place(&self) -> Place {
        Place {
            file: self.file,
            line: self.line,
        }
    }
}

/// A sub-router with its values, limits and inner sub-routers, for
/// [`App::include_router`](crate::App::include_router). The methods of [`SubRouter`] create it.
#[derive(Debug)]
#[must_use = "a sub-router is served only where it is included"]
pub struct IncludedRouter {
    pub(crate) router: &'static SubRouter,
    pub(crate) scoped: Dependencies,
    pub(crate) limits: Setting<Limits>,
    pub(crate) included: Vec<(IncludedRouter, Place)>,
    pub(crate) problems: Problems,
    #[cfg(feature = "deflate")]
    pub(crate) compression: Setting<Compression>,
}

impl IncludedRouter {
    fn new(router: &'static SubRouter) -> Self {
        Self {
            router,
            scoped: Dependencies::default(),
            limits: Setting::default(),
            included: Vec::new(),
            problems: Problems::default(),
            #[cfg(feature = "deflate")]
            compression: Setting::default(),
        }
    }

    /// Returns `true` if the connections of an identity are limited for this sub-router, or for one in it.
    pub(crate) fn limits_identities(&self) -> bool {
        let limits = self.limits.get().map(|(limits, _)| limits);
        limits.is_some_and(Limits::limits_identities)
            || self.included.iter().any(|(router, _)| router.limits_identities())
    }

    /// As [`SubRouter::inject`].
    #[track_caller]
    pub fn inject<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.scoped
            .add(value, "injected", Location::caller(), &mut self.problems);
        self
    }

    #[doc(hidden)]
    pub fn inject_global<T: InjectIsScoped>(self, _value: T) -> Self {
        self
    }

    /// As [`SubRouter::limits`].
    #[track_caller]
    pub fn limits(mut self, limits: Limits) -> Self {
        let call = Location::caller();
        let name = ("SubRouter::limits", ONE_LIMITS);
        self.limits.set(limits, name, call, &mut self.problems);
        self
    }

    /// As [`SubRouter::compression`].
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[track_caller]
    pub fn compression(mut self, compression: Compression) -> Self {
        let call = Location::caller();
        self.compression
            .set(compression, ("SubRouter::compression", ""), call, &mut self.problems);
        self
    }

    /// As [`SubRouter::include_router`].
    #[track_caller]
    pub fn include_router(mut self, router: impl Into<Self>) -> Self {
        self.included.push((router.into(), Place::of(Location::caller())));
        self
    }
}

impl From<&'static SubRouter> for IncludedRouter {
    fn from(router: &'static SubRouter) -> Self {
        Self::new(router)
    }
}
