//! HTTP routes that overlap with endpoints or with each other, found before axum panics where they are merged.

use std::{collections::HashSet, fmt};

use axum::Router;

use crate::{
    endpoint::{
        Endpoint,
        path_tree::{PathProblem, PathTree, first_parameter, reason},
        registry::Entry,
    },
    types::error::{Place, Problems},
};

/// The routes of one call to [`App::http`](crate::App::http), or one of the routes of
/// [`App::health`](crate::App::health).
#[derive(Debug)]
pub(super) struct HttpRoutes {
    pub(super) routes: Router,
    pub(super) call: HttpCall,
}

/// The call of the user that adds HTTP routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct HttpCall {
    pub(super) name: &'static str,
    pub(super) place: Place,
}

impl fmt::Display for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at {}", self.name, self.place)
    }
}

impl HttpRoutes {
    /// Returns `true` if a path is only valid without axum's checks for the syntax of its version 0.7.
    pub(super) fn are_unchecked(&self) -> bool {
        let is_old = |route: &Route| route.path.split('/').any(|segment| segment.starts_with([':', '*']));
        Routes::of(&self.routes).is_some_and(|routes| routes.routes.iter().any(is_old))
    }
}

/// The fields of axum's `MethodRouter`, each with the name of its method. The last one is the handler of all other methods.
const METHODS: [(&str, &str); 10] = [
    ("get", "GET"),
    ("head", "HEAD"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("patch", "PATCH"),
    ("post", "POST"),
    ("put", "PUT"),
    ("trace", "TRACE"),
    ("connect", "CONNECT"),
    ("fallback", "all other methods"),
];

/// The end of a path of axum's for all that follows the path of a nested service.
const NEST_TAIL: &str = "{*__private__axum_nest_tail_param}";

/// The end of a path of axum's for all requests that a fallback answers.
const FALLBACK_TAIL: &str = "{*__private__axum_fallback}";

/// A service, which is not split by methods.
const ALL: &str = "all methods";

/// The part of an app that answers a method of a path.
#[derive(Clone, Copy)]
enum Owner {
    Endpoint(&'static Entry),
    Http(HttpCall),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(handler) => write!(f, "the handler `{}` at {}", handler.name, handler.place()),
            Self::Http(call) => call.fmt(f),
        }
    }
}

/// The owned methods of each path.
type Owners = PathTree<Vec<(&'static str, Owner)>>;

/// Reports all overlaps, each at the call that adds the route.
pub(super) fn report(endpoints: &[Endpoint], http: &[HttpRoutes], problems: &mut Problems) {
    let mut owners = Owners::new();
    for endpoint in endpoints {
        let _ = owners.add(&endpoint.path, vec![("GET", Owner::Endpoint(endpoint.first))]); // They fit together.
    }
    let mut fallbacks = PathTree::new();
    for it in http {
        let HttpRoutes { routes, call } = it;
        let Some(Routes { routes, fallbacks: its }) = Routes::of(routes) else {
            continue;
        };
        if it.are_of_health() {
            report_hidden_values(endpoints, &routes, *call, problems);
        }
        let mut reported = HashSet::new();
        for route in &routes {
            let result = add(&mut owners, route, *call);
            if let Err(message) = result
                && reported.insert(service_of(route, &routes))
            {
                problems.report(call.place, None, message);
            }
        }
        for path in its {
            if let Err(PathProblem::Overlap { with, owner }) = fallbacks.add(&path, call.place) {
                problems.report(call.place, None, two_fallbacks(&path, &with, owner));
            }
        }
    }
}

/// Reports a health route that an endpoint could have as a value. axum prefers a route without parameters, and nobody chooses
/// the name of a health route to answer clients of an endpoint.
fn report_hidden_values(endpoints: &[Endpoint], routes: &[Route], call: HttpCall, problems: &mut Problems) {
    for endpoint in endpoints {
        for Route { path, .. } in routes {
            let Some((name, value)) = first_parameter(&endpoint.path, path) else {
                continue;
            };
            let (of_endpoint, owner) = (&endpoint.path, Owner::Endpoint(endpoint.first));
            let message = format!(
                "the HTTP route `{path}` is also a value of the endpoint `{of_endpoint}` of {owner}: a client with `{name}` = `{value}` would get the answer of the health route; choose a path that no endpoint has"
            );
            problems.report(call.place, None, message);
        }
    }
}

/// Returns the path at which the service of a route is nested, or the path of the route. A nested service has three routes,
/// which are one mistake.
fn service_of<'r>(route: &'r Route, all: &[Route]) -> &'r str {
    let base = route.path.trim_end_matches(NEST_TAIL).trim_end_matches('/');
    let is_nested = |other: &Route| {
        other
            .path
            .strip_suffix(NEST_TAIL)
            .is_some_and(|nested| nested.trim_end_matches('/') == base)
    };
    if all.iter().any(is_nested) { base } else { &route.path }
}

/// Returns a path of axum's as its user has written it.
fn written(path: &str) -> String {
    path.replace(NEST_TAIL, "{*rest}")
}

fn two_fallbacks(path: &str, with: &str, owner: Option<&Place>) -> String {
    let (path, with) = (fallback_of(path), fallback_of(with));
    let of_first = if path == with {
        String::new()
    } else {
        format!(", for `{with}`,")
    };
    let place = owner.map_or_else(String::new, |first| format!(" at {first}"));
    format!("a second fallback for `{path}`: the first{of_first} is given to `App::http`{place}; remove one of them")
}

/// Returns the path under which a fallback answers. It has two routes.
fn fallback_of(path: &str) -> String {
    let prefix = path.strip_suffix(FALLBACK_TAIL).unwrap_or(path);
    format!("{}/", prefix.trim_end_matches('/'))
}

/// Adds a route, or returns what is wrong with it.
fn add(owners: &mut Owners, Route { path, methods }: &Route, call: HttpCall) -> Result<(), String> {
    let claims = methods.iter().map(|method| (*method, Owner::Http(call)));
    let Some(known) = owners.owner(path) else {
        return owners
            .add(path, claims.collect())
            .or_else(|problem| overlap(path, problem));
    };
    for &method in methods {
        let is_same = |known: &str| known == method || known == ALL || method == ALL;
        if let Some((_, first)) = known.iter().find(|(known, _)| is_same(known)) {
            let path = written(path);
            return Err(format!(
                "the HTTP route `{path}` ({method}) appears more than once: {first} has it too; change the path of one of them"
            ));
        }
    }
    known.extend(claims);
    Ok(())
}

fn overlap(path: &str, problem: PathProblem<'_, Vec<(&str, Owner)>>) -> Result<(), String> {
    let PathProblem::Overlap { with, owner } = problem else {
        return Ok(()); // axum has taken the path already.
    };
    let first = owner.and_then(|owners| owners.first());
    let of_first = first.map_or_else(String::new, |(_, owner)| format!(" of {owner}"));
    let is_nested = path.ends_with(NEST_TAIL) || with.ends_with(NEST_TAIL);
    let reason = if is_nested {
        "a nested service answers all requests below its path: nest it at another path, or change the other one"
    } else {
        reason(path, &with)
    };
    Err(format!(
        "the HTTP route `{}` overlaps with `{}`{of_first}: {}",
        written(path),
        written(&with),
        reason
    ))
}

/// What a router of axum has.
struct Routes {
    routes: Vec<Route>,
    /// The paths of fallbacks, in a tree of their own.
    fallbacks: Vec<String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    path: String,
    methods: Vec<&'static str>,
}

impl Routes {
    /// Reads the routes of `router` in what `{:?}` prints, since nothing else shows them. Returns `None` where a version of
    /// axum prints something else: then the merge still finds the first overlap, although by a panic.
    fn of(router: &Router) -> Option<Self> {
        let text = format!("{router:?}");
        let text = text.strip_prefix("Router { path_router: PathRouter { ")?;
        let (paths, rest) = text.split_once(" } }, fallback_router: PathRouter { ")?;
        let (fallbacks, rest) = rest.rsplit_once(" } }, default_fallback: ")?;
        let list = path_router(paths)?.into_iter().map(|(path, endpoint)| {
            Some(Route {
                path: unescaped(path),
                methods: methods(endpoint)?,
            })
        });
        let mut list: Vec<_> = list.collect::<Option<_>>()?;
        list.sort(); // axum keeps them in a random order.
        let is_default = |path: &str| rest.starts_with("true") && fallback_of(path) == "/";
        let fallbacks = path_router(fallbacks)?.into_iter().map(|(path, _)| unescaped(path));
        let mut fallbacks: Vec<_> = fallbacks.filter(|path| !is_default(path)).collect();
        fallbacks.sort();
        Some(Self {
            routes: list,
            fallbacks,
        })
    }
}

/// Splits `routes: {..}, node: Node { paths: {..}` into paths and what answers them.
fn path_router(text: &str) -> Option<Vec<(&str, &str)>> {
    let (endpoints, paths) = text.strip_prefix("routes: {")?.split_once("}, node: Node { paths: {")?;
    let paths: Vec<_> = by_id(paths.strip_suffix('}')?).collect::<Option<_>>()?;
    let endpoints = by_id(endpoints).map(|endpoint| {
        let (id, endpoint) = endpoint?;
        let (_, path) = paths.iter().find(|(path_of, _)| *path_of == id)?;
        Some((path.strip_prefix('"')?.strip_suffix('"')?, endpoint))
    });
    endpoints.collect()
}

/// Undoes what `{:?}` does to a path.
fn unescaped(path: &str) -> String {
    path.replace("\\\"", "\"").replace("\\\\", "\\")
}

/// Splits `RouteId(1): value, RouteId(2): value`.
fn by_id(map: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    let entries = map.split("RouteId(").skip(1);
    entries.map(|entry| entry.trim_end_matches(", ").split_once("): "))
}

fn methods(endpoint: &str) -> Option<Vec<&'static str>> {
    if endpoint.starts_with("Route(") {
        return Some(vec![ALL]);
    }
    let fields = endpoint.strip_prefix("MethodRouter(MethodRouter { ")?;
    let methods = METHODS.iter().map(|&(field, method)| {
        let (_, value) = fields.split_once(&format!("{field}: "))?;
        let is_absent = value.starts_with("None") || value.starts_with("Default(");
        Some((!is_absent).then_some(method))
    });
    Some(methods.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Where these fail with a new version of axum, its `Debug` has changed.
#[cfg(test)]
mod tests {
    use axum::routing::{any, get, get_service, post};

    use super::*;

    async fn page() {}

    fn read(router: &Router) -> Routes {
        Routes::of(router).expect("axum prints as it did")
    }

    #[test]
    fn routes_of_axum_can_be_read() {
        let app = Router::new()
            .route("/a/{b}", get(page).post(page))
            .route("/c", post(page))
            .route("/d", any(page))
            .route("/e", get_service(get(page)))
            .nest("/nested", Router::new().route("/f", get(page)))
            .nest_service("/g", Router::new());
        let expected: [(&str, &[&str]); 8] = [
            ("/a/{b}", &["GET", "POST"]),
            ("/c", &["POST"]),
            ("/d", &["all other methods"]),
            ("/e", &["GET"]),
            ("/g", &[ALL]),
            ("/g/", &[ALL]),
            ("/g/{*__private__axum_nest_tail_param}", &[ALL]),
            ("/nested/f", &["GET"]),
        ];
        let list = read(&app).routes;
        let list: Vec<_> = list.iter().map(|route| (&*route.path, &*route.methods)).collect();
        assert_eq!(list, expected);
    }

    #[test]
    fn path_with_quotes_can_be_read() {
        let app = Router::new().route("/a\"b\\c/ü", get(page));
        assert_eq!(read(&app).routes[0].path, "/a\"b\\c/ü");
    }

    #[test]
    fn router_without_routes_and_its_fallback_can_be_read() {
        let empty = read(&Router::new());
        assert!(empty.routes.is_empty() && empty.fallbacks.is_empty());
        let fallback = read(&Router::new().fallback(page));
        assert!(fallback.routes.is_empty());
        assert_eq!(fallback.fallbacks, ["/", "/{*__private__axum_fallback}"]);
        let nested = read(&Router::new().nest("/api/{version}", Router::new().fallback(page)));
        assert!(nested.routes.is_empty());
        let expected = ["/api/{version}", "/api/{version}/{*__private__axum_fallback}"];
        assert_eq!(nested.fallbacks, expected);
    }
}
