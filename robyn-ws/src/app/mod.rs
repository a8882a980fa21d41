//! The app: takes everything in, checks it, and wires it into a router.

pub(crate) mod http;
pub(crate) mod serve;
pub(crate) mod shutdown;
pub(crate) mod signals;

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router, extract::Request, http::HeaderValue, routing::get};

use crate::{
    app::shutdown::Shutdown,
    endpoint::{resolve, router::IncludedRouter, selection::Selection},
    handler::dependencies::{Dependencies, Globals},
    hub::Hub,
    types::{
        error::{BuildError, BuildErrors, Place},
        limits::Limits,
    },
    upgrade::{handshake::is_token, origin::Origins, policy::UpgradePolicy, upgrade},
};

/// A WebSocket app: all annotated functions of the program that name no sub-router, and those of the sub-routers that
/// it includes.
///
/// ```no_run
/// use robyn_ws::prelude::*;
///
/// #[websocket("/echo", on = "message")]
/// fn echo(msg: String) -> String {
///     msg
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), robyn_ws::ServeError> {
///     App::new().serve("127.0.0.1:8080").await
/// }
/// ```
#[derive(Debug)]
#[must_use = "an app does nothing until it is built or served"]
pub struct App {
    globals: Dependencies,
    routers: Vec<IncludedRouter>,
    only: Selection,
    limits: Limits,
    limits_at: &'static Location<'static>,
    origins: Origins,
    subprotocols: Vec<String>,
    http: Vec<(Router, &'static Location<'static>)>,
    hub: Hub,
    problems: Vec<BuildError>,
}

/// A built app, for those who own the server loop.
#[derive(Debug)]
pub struct BuiltApp {
    /// The endpoints, and the routes given to [`App::http`].
    pub router: Router,
    /// The live connections.
    pub hub: Hub,
    /// Drains them: `built.shutdown.drain(grace).await`.
    pub shutdown: Shutdown,
}

impl App {
    /// Makes an app with the default limits, for pages of its own host only.
    #[expect(clippy::new_without_default, reason = "an app has an identity: its hub")]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            globals: Dependencies::default(),
            routers: Vec::new(),
            only: Selection::default(),
            limits: Limits::default(),
            limits_at: Location::caller(),
            origins: Origins::default(),
            subprotocols: Vec::new(),
            http: Vec::new(),
            hub: Hub::new(),
            problems: Vec::new(),
        }
    }

    /// Injects `value`, which every handler of the app takes as [`Global<T>`](crate::Global). A second value of one type
    /// is reported by `build()`.
    #[track_caller]
    pub fn inject_global<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.globals.inject(value, Location::caller(), &mut self.problems);
        self
    }

    /// Serves the handlers of a sub-router: `&LEAGUE`, or `LEAGUE.inject(…)`.
    pub fn include_router(mut self, router: impl Into<IncludedRouter>) -> Self {
        self.routers.push(router.into());
        self
    }

    /// Serves only the endpoints with these paths, each with the prefixes of its sub-routers, as [`Hub::endpoint`] takes
    /// it. The other handlers of the program are left out, whatever they need: a test of one handler injects only what
    /// that one takes. A path that no handler has is reported by `build()`. Called again, it adds to the paths.
    ///
    /// ```standalone_crate
    /// use robyn_ws::prelude::*;
    ///
    /// struct Database;
    ///
    /// #[websocket("/chat", on = "message")]
    /// fn chat(msg: String) -> String {
    ///     msg
    /// }
    ///
    /// #[websocket("/orders", on = "message")]
    /// fn orders(msg: String, database: Global<Database>) {}
    ///
    /// assert!(App::new().build().is_err(), "nobody injects the database");
    /// assert!(App::new().only(["/chat"]).build().is_ok());
    /// ```
    #[track_caller]
    pub fn only(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only.add(paths.into_iter().map(Into::into), Location::caller());
        self
    }

    /// Sets the limits.
    #[track_caller]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.limits_at = Location::caller();
        self
    }

    /// Sets which web pages may connect. Default: [`Origins::same_host`].
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Sets the subprotocols, of which the first that the client offers is chosen (RFC 6455 section 1.9).
    #[track_caller]
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let call = Location::caller();
        for name in names.into_iter().map(Into::into) {
            if !is_token(name.as_bytes()) {
                let message =
                    format!("`{name}` is no subprotocol: expected a name of visible ASCII without separators");
                self.problems.push(BuildError::at(Place::of(call), None, message));
            }
            self.subprotocols.push(name);
        }
        self
    }

    /// Serves ordinary HTTP routes beside the endpoints. Their handlers can take the [`Hub`] and
    /// [`Global<T>`](crate::Global). A route that is there
    /// twice, or is an endpoint too, is reported by `build()`.
    #[track_caller]
    pub fn http(mut self, routes: Router) -> Self {
        self.http.push((routes, Location::caller()));
        self
    }

    /// Gives the hub, which has no endpoints until the app is built.
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Builds the app into an ordinary router, to be merged, nested and layered. A layer that answers something else than
    /// the 101, or keeps it for more than five seconds, leaves no connection behind.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`] lists everything that is wrong, with file and line.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Result<Router<S>, BuildErrors> {
        // The routes of an app need no state, so they fit into a router with any.
        Ok(self.build()?.router.with_state(()))
    }

    /// Builds the app, for those who own the server loop.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`] lists everything that is wrong, with file and line.
    pub fn build(self) -> Result<BuiltApp, BuildErrors> {
        Ok(self.assemble()?.built)
    }

    /// As [`Self::build`], with what only `serve` wants to know.
    pub(crate) fn assemble(mut self) -> Result<Assembled, BuildErrors> {
        self.problems.extend(self.origins.problems());
        let globals = Arc::new(self.globals);
        let endpoints = resolve::endpoints(
            globals.clone(),
            (&self.limits, self.limits_at),
            self.routers,
            &self.only,
            &mut self.problems,
        );
        if let Some(errors) = BuildErrors::from_problems(self.problems) {
            return Err(errors);
        }
        let subprotocols = self
            .subprotocols
            .iter()
            .filter_map(|name| HeaderValue::from_str(name).ok())
            .collect();
        self.hub.open(endpoints.iter().map(|endpoint| endpoint.members.clone()));
        let policy = Arc::new(UpgradePolicy {
            hub: self.hub.clone(),
            origins: self.origins,
            subprotocols,
        });
        let mut router = Router::new();
        for endpoint in endpoints {
            let endpoint = Arc::new(endpoint);
            let path = endpoint.path.clone();
            let policy = policy.clone();
            let handler = move |request: Request| upgrade(endpoint.clone(), policy.clone(), request);
            router = router.route(&path, get(handler));
        }
        for (routes, call) in self.http {
            router = merge(router, routes.layer(Extension(Globals(globals.clone()))), call)?;
        }
        let router = router.layer(Extension(self.hub.clone()));
        let shutdown = Shutdown::new(self.hub.clone());
        let (shutdown_grace, unready_grace) = self.limits.drain_graces();
        Ok(Assembled {
            built: BuiltApp {
                router,
                hub: self.hub,
                shutdown,
            },
            shutdown_grace,
            unready_grace,
        })
    }
}

/// A built app, and how patient its drain is.
pub(crate) struct Assembled {
    pub(crate) built: BuiltApp,
    pub(crate) shutdown_grace: Duration,
    pub(crate) unready_grace: Duration,
}

/// Merges HTTP routes. axum panics where routes overlap, and has no other way to tell.
fn merge(router: Router, http: Router, call: &'static Location<'static>) -> Result<Router, BuildErrors> {
    catch_unwind(AssertUnwindSafe(|| router.merge(http))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason was given");
        let message = format!("a route given to `App::http` is there twice, or is an endpoint too; axum says: {text}");
        BuildErrors::one(BuildError::at(Place::of(call), None, message))
    })
}
