//! The upgrade request of a connection.

use std::{fmt, net::SocketAddr, sync::OnceLock};

use axum::{
    extract::{ConnectInfo, OriginalUri},
    http::{
        Extensions, HeaderMap, HeaderName, HeaderValue, Uri, Version, header,
        request::Parts,
        uri::{Authority, PathAndQuery},
    },
};

use crate::util::user_value::UserValue;

/// The upgrade request of a connection. It is empty if no handler of the endpoint can read it.
#[derive(Clone, Default)]
pub(crate) struct UpgradeRequest {
    head: Head,
    pub(crate) extensions: UserValue<Extensions>,
    pub(crate) path_params: PathParams,
    pub(crate) subprotocol: Option<Box<str>>,
    peer_addr: OnceLock<SocketAddr>,
    query: OnceLock<Box<QueryParams>>,
}

impl UpgradeRequest {
    /// Copies the request out of the server's read buffer, which would otherwise live as long as the connection.
    pub(crate) fn new(
        parts: &Parts,
        extensions: Extensions,
        path_params: PathParams,
        subprotocol: Option<&HeaderValue>,
    ) -> Self {
        Self {
            head: Head::of(parts),
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

    /// Keeps only `left`, the extensions that the upgrade handler's extractors have left in the request.
    pub(crate) fn keep_only_extensions(&mut self, left: Extensions) {
        (self.head.uri, self.head.headers) = Default::default();
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

/// Returns the original target of a request, without the changes of nested routers.
fn target(parts: &Parts) -> &Uri {
    parts
        .extensions
        .get::<OriginalUri>()
        .map_or(&parts.uri, |original| &original.0)
}

/// Returns the number of bytes that a connection would keep of a request: its target, and the names and values of its
/// headers.
pub(crate) fn head_size(parts: &Parts) -> usize {
    let target = target(parts);
    let target = [
        target.scheme_str(),
        target.authority().map(Authority::as_str),
        target.path_and_query().map(PathAndQuery::as_str),
    ];
    let target: usize = target.into_iter().flatten().map(str::len).sum();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    target + headers.sum::<usize>()
}

/// The target and the headers of a request, in one allocation and as HTTP/1 writes them. They are parsed when a handler
/// reads them: few do, and a map for each connection would be expensive.
#[derive(Clone, Default)]
struct Head {
    lines: Box<[u8]>,
    uri: OnceLock<Box<Uri>>,
    headers: OnceLock<Box<HeaderMap>>,
}

const LINE_END: &[u8] = b"\r\n";

impl Head {
    /// Takes the head of a request. HTTP/2 has in its target what HTTP/1.1 has in `Host` (RFC 9113 section 8.3.1); handlers
    /// find it where HTTP/1.1 has it.
    fn of(parts: &Parts) -> Self {
        let target = target(parts);
        let authority = target.authority().filter(|_| parts.version == Version::HTTP_2);
        let (Some(authority), Some(path)) = (authority, target.path_and_query()) else {
            return Self::new(target, &parts.headers);
        };
        let mut headers = parts.headers.clone();
        if !headers.contains_key(header::HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(header::HOST, host);
        }
        Self::new(&Uri::from(path.clone()), &headers)
    }

    fn new(uri: &Uri, headers: &HeaderMap) -> Self {
        let mut lines = uri.to_string().into_bytes();
        for (name, value) in headers {
            lines.extend_from_slice(LINE_END);
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.push(b':');
            lines.extend_from_slice(value.as_bytes());
        }
        Self {
            lines: lines.into(),
            uri: OnceLock::new(),
            headers: OnceLock::new(),
        }
    }

    /// Returns the lines. A URI or a header value cannot contain a line end.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = Some(&*self.lines);
        std::iter::from_fn(move || {
            let lines = rest?;
            let end = lines.windows(LINE_END.len()).position(|window| window == LINE_END);
            rest = end.map(|end| &lines[end + LINE_END.len()..]);
            Some(&lines[..end.unwrap_or(lines.len())])
        })
    }

    fn uri(&self) -> &Uri {
        self.uri.get_or_init(|| {
            let uri = self.lines().next().and_then(|target| Uri::try_from(target).ok());
            Box::new(uri.unwrap_or_default())
        })
    }

    fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| {
            let headers = self.lines().skip(1).filter_map(|line| {
                // A header name cannot contain a colon.
                let colon = line.iter().position(|&byte| byte == b':')?;
                let (name, value) = (&line[..colon], &line[colon + 1..]);
                Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
            });
            Box::new(headers.collect())
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read_back_as_it_came() {
        let uri = Uri::from_static("/a?b=c:d%0D%0A");
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a: 1"));
        headers.append("x-empty", HeaderValue::from_static(""));
        headers.append("cookie", HeaderValue::from_bytes(b"\xff").expect("an opaque value"));
        let head = Head::new(&uri, &headers);
        assert_eq!((head.uri(), head.headers()), (&uri, &headers));
    }

    #[test]
    fn head_without_headers_has_none() {
        assert!(
            Head::new(&Uri::from_static("/"), &HeaderMap::new())
                .headers()
                .is_empty()
        );
    }
}
