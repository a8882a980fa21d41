//! The router of an app: its endpoints, and the routes given to [`App::http`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

#[cfg(feature = "http2")]
use axum::middleware::map_request;
use axum::{Extension, Router, extract::Request, http::HeaderValue, routing::get};

#[cfg(feature = "http2")]
use crate::upgrade::http2::join_cookies;
use crate::{
    app::{App, overlaps::HttpRoutes},
    endpoint::Endpoint,
    handler::dependencies::{Dependencies, Globals},
    types::{
        error::{BuildErrors, Problems},
        scheme::Scheme,
    },
    upgrade::{policy::UpgradePolicy, upgrade},
};

impl App {
    /// Opens the hub for the endpoints, and routes to them and to the HTTP routes.
    pub(super) fn into_router(
        self,
        endpoints: Vec<Endpoint>,
        globals: &Arc<Dependencies>,
    ) -> Result<Router, BuildErrors> {
        self.hub.open(endpoints.iter().map(|endpoint| endpoint.members.clone()));
        let names = self.subprotocols.iter();
        let policy = Arc::new(UpgradePolicy {
            hub: self.hub.clone(),
            origins: self.origins.into_value().unwrap_or_default(),
            proxies: self.proxies.trusted().clone(),
            scheme: self.edge.encrypted_at.map(|_call| Scheme::Https),
            subprotocols: names.filter_map(|name| HeaderValue::from_str(name).ok()).collect(),
        });
        // axum checks for segments in the syntax of its version 0.7 as soon as one router does. Routes with such segments are
        // merged before.
        let mut router = Router::new().without_v07_checks();
        for endpoint in endpoints {
            let endpoint = Arc::new(endpoint);
            let path = endpoint.path.clone();
            let policy = policy.clone();
            let handler = move |request: Request| upgrade(endpoint.clone(), policy.clone(), request.into_parts().0);
            let methods = get(handler.clone());
            #[cfg(feature = "http2")]
            let methods = methods.connect(handler);
            router = router.route(&path, methods);
        }
        let mut problems = Problems::default();
        let (without_checks, with_checks): (Vec<_>, Vec<_>) =
            self.http.into_iter().partition(HttpRoutes::are_unchecked);
        for HttpRoutes { routes, call } in without_checks.into_iter().chain(with_checks) {
            let http = self.proxies.layer(routes.layer(Extension(Globals(globals.clone()))));
            #[cfg(feature = "http2")]
            let http = http.layer(map_request(with_one_cookie_field));
            match merged(&router, http) {
                Ok(all) => router = all,
                Err(why) => {
                    let message = format!(
                        "the routes of `{}` do not fit into the app; axum says: {why}",
                        call.name
                    );
                    problems.report(call.place, None, message);
                }
            }
        }
        problems.into_result()?;
        Ok(router.merge(Router::new()).layer(Extension(self.hub)))
    }
}

/// Joins the cookies of a request over HTTP/2, as upgrades do.
#[cfg(feature = "http2")]
async fn with_one_cookie_field(mut request: Request) -> Request {
    join_cookies(request.version(), request.headers_mut());
    request
}

/// Merges HTTP routes, or returns why axum panics. [`overlaps`](super::overlaps) has found the usual reasons before, since the panic is
/// printed, and ends a program that aborts on panics.
fn merged(router: &Router, http: Router) -> Result<Router, String> {
    catch_unwind(AssertUnwindSafe(|| router.clone().merge(http))).map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned(),
    })
}
