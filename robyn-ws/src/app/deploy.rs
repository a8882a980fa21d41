//! The settings of an app for deploys: the routes by which a supervisor or a load balancer asks for its state, and the close
//! code of a drain.

use std::panic::Location;

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use crate::{
    app::{
        App,
        overlaps::{HttpCall, HttpRoutes},
    },
    endpoint::path,
    hub::Hub,
    types::error::Place,
};

/// The name of the call, for reports.
const CALL: &str = "App::health";

impl App {
    /// Serves two HTTP routes for a supervisor or a load balancer. `live` is answered with 200 as long as the server
    /// answers at all. `ready` is answered with 200 until a drain begins, and with 503 from then on.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// let app = App::new().health("/healthz", "/readyz");
    /// # drop(app);
    /// ```
    ///
    /// The paths have no parameters. Called again, it adds two routes. `build()` reports a wrong path, one that is a route or an
    /// endpoint too, and one that an endpoint could have as a value: beside `/{room}`, nobody could enter the room `healthz`.
    /// An endpoint with `{*rest}` serves what is left.
    #[track_caller]
    pub fn health(mut self, live: &str, ready: &str) -> Self {
        let place = Place::of(Location::caller());
        for (path, route) in [(live, get(liveness)), (ready, get(readiness))] {
            match path::check_without_parameters(path) {
                Ok(()) => self.http.push(HttpRoutes::of_health(path, route, place)),
                Err(problem) => self.problems.report(place, None, problem),
            }
        }
        self
    }

    /// Sets the close code of a drain. Default: 1001. With [`close_code::RESTART`](crate::close_code::RESTART) (1012),
    /// clients know that they can come back at once. `build()` reports other codes than 1001, 1012, 1013 and 3000 to 4999, and
    /// a second call.
    ///
    /// ```
    /// use robyn_ws::{close_code, prelude::*};
    ///
    /// let app = App::new().drain_code(close_code::RESTART);
    /// # drop(app);
    /// ```
    #[track_caller]
    pub fn drain_code(mut self, code: u16) -> Self {
        let call = Location::caller();
        let name = ("App::drain_code", "");
        self.drain_code.set(code, name, call, &mut self.problems);
        if !matches!(code, 1001 | 1012 | 1013 | 3000..=4999) {
            let message = format!(
                "{code} is not the close code of a drain: expected 1001 (going away), 1012 (restart), 1013 (try again later) or 3000 to 4999"
            );
            self.problems.report(Place::of(call), None, message);
        }
        self
    }
}

impl HttpRoutes {
    fn of_health(path: &str, route: MethodRouter, place: Place) -> Self {
        Self {
            routes: Router::new().route(path, route),
            call: HttpCall { name: CALL, place },
        }
    }

    /// Returns `true` if the routes say nothing but how the server is.
    pub(super) fn are_of_health(&self) -> bool {
        self.call.name == CALL
    }
}

async fn liveness() -> Response {
    answer(StatusCode::OK, "ok\n")
}

async fn readiness(hub: Hub) -> Response {
    if hub.drain().has_begun() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        answer(StatusCode::OK, "ready\n")
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
