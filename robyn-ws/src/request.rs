//! The upgrade request, as handlers see it while the connection lives.

use std::{net::SocketAddr, sync::OnceLock};

use axum::{
    extract::{ConnectInfo, OriginalUri, RawPathParams},
    http::{Extensions, HeaderMap, HeaderValue, Uri, request::Parts},
};
use bytes::{Bytes, BytesMut};

/// The request that became a connection.
#[derive(Clone, Debug)]
pub(crate) struct UpgradeRequest {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: Extensions,
    pub(crate) path_params: PathParams,
    pub(crate) subprotocol: Option<HeaderValue>,
    peer_addr: OnceLock<SocketAddr>,
    query: OnceLock<QueryParams>,
}

impl UpgradeRequest {
    /// Copies what is kept out of the server's read buffer, which would otherwise live as long as the connection.
    pub(crate) fn new(parts: &Parts, path_params: PathParams, subprotocol: Option<HeaderValue>) -> Self {
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        let peer_addr = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let uri = copied_uri(uri);
        let mut extensions = parts.extensions.clone();
        if extensions.remove::<OriginalUri>().is_some() {
            extensions.insert(OriginalUri(uri.clone()));
        }
        Self {
            headers: copied_headers(&parts.headers),
            uri,
            extensions,
            path_params,
            subprotocol,
            peer_addr: peer_addr.map(OnceLock::from).unwrap_or_default(),
            query: OnceLock::new(),
        }
    }

    pub(crate) fn query_params(&self) -> &QueryParams {
        self.query
            .get_or_init(|| QueryParams::parse(self.uri.query().unwrap_or_default()))
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer_addr.get().copied()
    }

    /// Keeps the address of the socket, for servers that do not provide `ConnectInfo`.
    pub(crate) fn set_peer_addr(&self, address: SocketAddr) {
        let _already_known = self.peer_addr.set(address);
    }
}

fn copied_uri(uri: &Uri) -> Uri {
    Uri::from_maybe_shared(Bytes::from(uri.to_string())).unwrap_or_else(|_| uri.clone())
}

/// All values share one allocation.
fn copied_headers(headers: &HeaderMap) -> HeaderMap {
    let mut values = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    for value in headers.values() {
        values.extend_from_slice(value.as_bytes());
    }
    let mut values = values.freeze();
    let mut copied = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        let bytes = values.split_to(value.len());
        copied.append(
            name,
            HeaderValue::from_maybe_shared(bytes).unwrap_or_else(|_| value.clone()),
        );
    }
    copied
}

/// The query parameters of the upgrade request, percent- and plus-decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Gives the value of `name`, the last one if there are several. A name without `=` has the value `""`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Gives all values of `name` in the order of the query.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Gives all names and values in the order of the query.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Gives the number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The parameters of the endpoint's path, percent-decoded: `room` of `/chat/{room}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParams(Box<[(String, String)]>);

impl PathParams {
    pub(crate) fn new(raw: &RawPathParams) -> Self {
        Self(
            raw.iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Gives the value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Gives all names and values in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
