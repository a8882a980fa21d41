//! The app: takes everything in, checks it, and wires it into a router.

#[cfg(feature = "backplane")]
mod backplane;
mod behind_proxies;
pub(crate) mod client;
#[cfg(feature = "contract")]
mod contract;
mod deploy;
pub(crate) mod edge;
mod edge_metrics;
mod encryption;
pub(crate) mod http;
#[cfg(feature = "http2")]
mod http2;
mod misnamed;
mod overlaps;
mod proxies;
mod proxy_protocol;
mod routing;
pub(crate) mod serve;
mod settings;
pub(crate) mod shutdown;
pub(crate) mod signals;
#[cfg(feature = "tls")]
pub(crate) mod tls;

use std::{mem, panic::Location, sync::Arc, time::Duration};

use axum::Router;

#[cfg(feature = "deflate")]
use crate::types::compression::Compression;
use crate::{
    app::{
        edge::{Edge, EdgeSettings},
        overlaps::{HttpCall, HttpRoutes},
        proxies::Proxies,
        shutdown::Shutdown,
    },
    endpoint::{
        parameters::Mount,
        resolve::{self, Wiring},
        router::IncludedRouter,
        selection::Selection,
    },
    handler::dependencies::{Dependencies, Scopes},
    hub::Hub,
    types::{
        error::{BuildErrors, Place, Problems},
        limits::Limits,
        setting::Setting,
    },
    upgrade::origin::Origins,
    util::log,
};

/// A WebSocket app: all annotated functions of the program that do not name a sub-router, and those of the sub-routers
/// that it includes.
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
///
/// Some methods need a feature of Cargo. Without it, the compiler does not find them:
///
/// | method | feature |
/// |---|---|
/// | `App::backplane` and the methods for it | `backplane`, `nats`, `redis` |
/// | `App::tls` | `tls` |
/// | `App::h2c`, and HTTP/2 after `App::tls` | `http2` |
/// | `App::compression` | `deflate` |
/// | `App::contract` | `contract` |
#[derive(Debug)]
#[must_use = "an app does nothing until it is built or served"]
pub struct App {
    globals: Dependencies,
    states: Dependencies,
    routers: Vec<(IncludedRouter, Place)>,
    only: Selection,
    limits: Setting<Limits>,
    origins: Setting<Origins>,
    proxies: Proxies,
    subprotocols: Vec<String>,
    http: Vec<HttpRoutes>,
    edge: EdgeSettings,
    drain_code: Setting<u16>,
    hub: Hub,
    problems: Problems,
    #[cfg(feature = "backplane")]
    backplane: backplane::BackplaneDraft,
    #[cfg(feature = "deflate")]
    compression: Setting<Compression>,
    created_at: Place,
}

/// A built app, for a server loop of your own.
#[derive(Debug)]
pub struct BuiltApp {
    /// The endpoints, and the routes given to [`App::http`].
    pub router: Router,
    /// The live connections.
    pub hub: Hub,
    /// Drains the connections: `built.shutdown.drain(grace).await`.
    pub shutdown: Shutdown,
}

impl App {
    /// Creates an app with the default limits, for pages of its own host only.
    #[expect(clippy::new_without_default, reason = "an app has an identity: its hub")]
    #[track_caller]
    pub fn new() -> Self {
        let mut problems = Problems::default();
        let mut states = Dependencies::default();
        // The state of the upgrade handlers that name none.
        states.add((), "given", Location::caller(), &mut problems);
        Self {
            globals: Dependencies::default(),
            states,
            routers: Vec::new(),
            only: Selection::default(),
            limits: Setting::default(),
            origins: Setting::default(),
            proxies: Proxies::default(),
            subprotocols: Vec::new(),
            http: Vec::new(),
            edge: EdgeSettings::default(),
            drain_code: Setting::default(),
            hub: Hub::new(),
            problems,
            #[cfg(feature = "backplane")]
            backplane: backplane::BackplaneDraft::default(),
            #[cfg(feature = "deflate")]
            compression: Setting::default(),
            created_at: Place::of(Location::caller()),
        }
    }

    /// Injects `value`, which every handler of the app can take as [`Global<T>`](crate::Global). `build()` reports a second
    /// value of one type.
    #[track_caller]
    pub fn inject_global<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.globals
            .add(value, "injected", Location::caller(), &mut self.problems);
        self
    }

    /// Sets the state for axum's extractors in the upgrade handlers that name its type: `state = AppState`. `build()`
    /// reports a handler whose state nobody gave, and a second value of one type.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[derive(Clone)]
    /// struct AppState {
    ///     is_open: bool,
    /// }
    ///
    /// #[websocket("/chat", on = "upgrade", state = AppState)]
    /// fn enter(State(state): State<AppState>) -> Result<(), StatusCode> {
    ///     if state.is_open { Ok(()) } else { Err(StatusCode::SERVICE_UNAVAILABLE) }
    /// }
    ///
    /// let app = App::new().state(AppState { is_open: true });
    /// # drop(app);
    /// ```
    #[track_caller]
    pub fn state<S: Send + Sync + 'static>(mut self, value: S) -> Self {
        self.states.add(value, "given", Location::caller(), &mut self.problems);
        self
    }

    /// Serves the handlers of a sub-router: `&LEAGUE`, or `LEAGUE.inject(…)`.
    #[track_caller]
    pub fn include_router(mut self, router: impl Into<IncludedRouter>) -> Self {
        self.routers.push((router.into(), Place::of(Location::caller())));
        self
    }

    /// Serves only the endpoints with these paths, each with the prefixes of its sub-routers, as [`Hub::endpoint`] takes
    /// it. The other handlers of the program are left out, so a test of one handler injects only the dependencies of that
    /// one. `build()` reports a path without a handler. Called again, it adds to the paths.
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

    /// Serves ordinary HTTP routes beside the endpoints. Their handlers can take the [`Hub`] and
    /// [`Global<T>`](crate::Global). `build()` reports each route that appears more than once, or is an endpoint too.
    ///
    /// ```
    /// use robyn_ws::{axum::{Router, routing::get}, prelude::*};
    ///
    /// async fn online(hub: Hub) -> String {
    ///     hub.count().to_string()
    /// }
    ///
    /// let app = App::new().http(Router::new().route("/online", get(online)));
    /// # drop(app);
    /// ```
    #[track_caller]
    pub fn http(mut self, routes: Router) -> Self {
        let place = Place::of(Location::caller());
        let call = HttpCall {
            name: "App::http",
            place,
        };
        self.http.push(HttpRoutes { routes, call });
        self
    }

    /// Returns the hub, which has no endpoints until the app is built.
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Builds the app into an ordinary router, to be merged, nested and layered. If a layer replaces the 101, or keeps it for
    /// more than five seconds, the connection is given up.
    ///
    /// ```standalone_crate
    /// use robyn_ws::{axum::{Router, routing::get}, prelude::*};
    ///
    /// #[websocket("/echo", on = "message")]
    /// fn echo(msg: String) -> String {
    ///     msg
    /// }
    ///
    /// # fn main() -> Result<(), robyn_ws::BuildErrors> {
    /// let sockets: Router = App::new().router()?;
    /// let router = Router::new().route("/", get(|| async { "hello" })).nest("/ws", sockets);
    /// # drop(router);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The router may be nested in a path with parameters, which the handlers then take as well. So a `Path<T>` that wants
    /// more than the endpoint's own path has is a warning in the log here, and an error of [`Self::build`].
    ///
    /// # Errors
    ///
    /// [`BuildErrors`] lists everything that is wrong, with file and line.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Result<Router<S>, BuildErrors> {
        // The routes of an app need no state, so they fit into a router with any.
        Ok(self
            .for_own_server()
            .assemble(Mount::Anywhere)?
            .built
            .router
            .with_state(()))
    }

    /// Builds the app, for a server loop of your own.
    ///
    /// ```no_run
    /// use std::{net::SocketAddr, time::Duration};
    /// use robyn_ws::{axum, prelude::*};
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let built = App::new().build()?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// let service = built.router.into_make_service_with_connect_info::<SocketAddr>();
    /// let server = tokio::spawn(async { axum::serve(listener, service).await });
    ///
    /// tokio::signal::ctrl_c().await?;
    /// built.shutdown.drain(Duration::from_secs(10)).await;
    /// server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A type in `Path` or `Query` that is read from several values is tried with values that a client could send. Its
    /// `Deserialize` should fail at a value that it does not like, and not panic.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`] lists everything that is wrong, with file and line.
    pub fn build(self) -> Result<BuiltApp, BuildErrors> {
        Ok(self.for_own_server().assemble(Mount::Root)?.built)
    }

    /// Reports the settings that only [`Self::serve`] can keep.
    fn for_own_server(mut self) -> Self {
        self.proxies.report_for_own_server(&mut self.problems);
        self.edge.report_for_own_server(&mut self.problems);
        self
    }

    /// As [`Self::build`], with the times that only `serve` needs.
    pub(crate) fn assemble(mut self, mount: Mount) -> Result<Assembled, BuildErrors> {
        if let Some((origins, _)) = self.origins.get() {
            origins.report(&mut self.problems);
        }
        self.proxies.report(&mut self.problems);
        self.edge.report(&mut self.problems);
        #[cfg(feature = "backplane")]
        self.backplane.report(&mut self.problems);
        let (limits, limits_at) = self
            .limits
            .get()
            .cloned()
            .unwrap_or((Limits::default(), self.created_at));
        let bounds = limits.resolve(limits_at, &mut self.problems);
        let is_bounded_inside = self.routers.iter().any(|(router, _)| router.limits_identities());
        limits.check_identity_overflow(&bounds, is_bounded_inside, limits_at, &mut self.problems);
        let globals = Arc::new(mem::take(&mut self.globals));
        let wiring = Wiring {
            scopes: Scopes {
                globals: globals.clone(),
                states: Arc::new(mem::take(&mut self.states)),
                ..Scopes::default()
            },
            bounds: bounds.clone(),
            routers: mem::take(&mut self.routers),
            only: &self.only,
            mount,
            identities: self.hub.identities().clone(),
            #[cfg(feature = "deflate")]
            compression: self.compression.get(),
        };
        let endpoints = resolve::endpoints(wiring, &mut self.problems);
        overlaps::report(&endpoints, &self.http, &mut self.problems);
        mem::take(&mut self.problems).into_result()?;
        if endpoints.is_empty() && self.http.iter().all(HttpRoutes::are_of_health) {
            log::warn!(
                "this app has neither handlers nor HTTP routes besides those of `App::health`, so it answers every other request with 404. If the handlers are in another crate, refer to it: `use my_handlers as _;`. If they have `router = …`, include that sub-router: `App::include_router`"
            );
        }
        let hub = self.hub.clone();
        #[cfg(feature = "backplane")]
        mem::take(&mut self.backplane).join(&hub, &bounds);
        if let Some((code, _)) = self.drain_code.get() {
            hub.drain().set_code(*code);
        }
        let edge = Edge::new(&self.edge, &self.proxies, &bounds);
        Ok(Assembled {
            built: BuiltApp {
                router: self.into_router(endpoints, &globals)?,
                shutdown: Shutdown::new(hub.clone(), bounds.drain_interval),
                hub,
            },
            edge,
            shutdown_grace: bounds.shutdown_grace,
            unready_grace: bounds.unready_grace,
        })
    }
}

/// A built app, and the times that its drain takes.
pub(crate) struct Assembled {
    pub(crate) built: BuiltApp,
    pub(crate) edge: Edge,
    pub(crate) shutdown_grace: Duration,
    pub(crate) unready_grace: Duration,
}
