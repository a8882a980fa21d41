//! The upgrade request of a connection.

mod head;

use std::{fmt, net::SocketAddr, sync::OnceLock};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderValue, Uri, Version, request::Parts},
};

use self::head::Head;
pub(crate) use self::head::head_size;
use crate::{types::scheme::Scheme, util::user_value::UserValue};

/// The upgrade request of a connection. It is empty if no handler of the endpoint can read it.
#[derive(Clone, Default)]
pub(crate) struct UpgradeRequest {
    head: Head,
    version: Option<Version>,
    scheme: Option<Scheme>,
    pub(crate) extensions: UserValue<Extensions>,
    pub(crate) path_params: PathParams,
    pub(crate) subprotocol: Option<Box<str>>,
    peer_addr: OnceLock<SocketAddr>,
    query: OnceLock<Box<QueryParams>>,
}

impl UpgradeRequest {
    /// Copies the request out of the server's read buffer, which would otherwise live as long as the connection. `told` are the
    /// scheme and the host that the request itself does not tell.
    pub(crate) fn new(
        parts: &Parts,
        extensions: Extensions,
        path_params: PathParams,
        subprotocol: Option<&HeaderValue>,
        told: (Option<Scheme>, Option<&str>),
    ) -> Self {
        let (scheme, host) = told;
        Self {
            head: Head::of(parts, host),
            version: Some(parts.version),
            scheme,
            extensions: extensions.into(),
            path_params,
            subprotocol: subprotocol.and_then(|name| name.to_str().ok()).map(Box::from),
            peer_addr: peer_addr(parts).map(OnceLock::from).unwrap_or_default(),
            query: OnceLock::new(),
        }
    }

    pub(crate) fn uri(&self) -> &Uri {
        self.head.uri()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// Returns the host that the client has asked for: the one that a proxy has told, or that of the target, or of `Host`.
    pub(crate) fn host(&self) -> Option<&str> {
        self.head.host()
    }

    pub(crate) const fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    pub(crate) const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Keeps only `left`, the extensions that the upgrade handler's extractors have left in the request.
    pub(crate) fn keep_only_extensions(&mut self, left: Extensions) {
        self.head.forget_parsed();
        self.extensions = left.into();
    }

    pub(crate) fn query_params(&self) -> &QueryParams {
        self.query
            .get_or_init(|| Box::new(QueryParams::parse(self.uri().query().unwrap_or_default())))
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer_addr.get().copied()
    }

    /// Sets the address of the socket, if the server does not provide `ConnectInfo`.
    pub(crate) fn set_peer_addr(&self, address: SocketAddr) {
        let _ = self.peer_addr.set(address); // The address from `ConnectInfo` remains.
    }
}

impl fmt::Debug for UpgradeRequest {
    /// A request contains secrets, and many values refer to one, so nothing of it is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeRequest").finish_non_exhaustive()
    }
}

/// Returns the client's address from `ConnectInfo`, if the server or a layer provides it.
pub(crate) fn peer_addr(parts: &Parts) -> Option<SocketAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|info| info.0)
}

/// The decoded query parameters of the upgrade request.
///
/// They often are secrets, so `{:?}` prints only their number.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// // The client connects to `/hello?name=gordon&tag=a&tag=b`.
/// #[websocket("/hello", on = "connect")]
/// fn enter(ws: WebSocketConnector) -> String {
///     let query = ws.query_params();
///     let tags: Vec<_> = query.get_all("tag").collect();
///     format!("hello {}, tagged {tags:?}", query.get("name").unwrap_or("stranger"))
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns the value of `name`, or the last value if the name appears more than once. A name without `=` has the
    /// value `""`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns all values of `name` in the order of the query.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns all names and values in the order of the query.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.into_iter()
    }

    /// Returns the number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `true` if there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a QueryParams {
    type Item = (&'a str, &'a str);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (String, String)>, fn(&'a (String, String)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(pair)
    }
}

fn pair((name, value): &(String, String)) -> (&str, &str) {
    (name, value)
}

impl fmt::Debug for QueryParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryParams").field("len", &self.len()).finish()
    }
}

/// The decoded parameters of the endpoint's path, such as `room` of `/chat/{room}`.
///
/// `{:?}` prints the names only, because clients choose the values.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat/{room}", on = "connect")]
/// fn enter(ws: WebSocketConnector) -> String {
///     format!("welcome to {}", ws.path_params().get("room").unwrap_or_default())
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PathParams(Box<[(String, String)]>);

impl PathParams {
    pub(crate) fn of<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            params
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Returns the value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns all values of `name`. There is at most one.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.get(name).into_iter()
    }

    /// Returns all names and values in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.into_iter()
    }

    /// Returns the number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `true` if the path has no parameters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a PathParams {
    type Item = (&'a str, &'a str);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (String, String)>, fn(&'a (String, String)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(pair)
    }
}

impl fmt::Debug for PathParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.iter().map(|(name, _)| name);
        f.write_str("PathParams ")?;
        f.debug_set().entries(names).finish()
    }
}
