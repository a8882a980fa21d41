//! The endpoints of an app by path. An endpoint is looked up when it is used, so it can be taken before the app is
//! built.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use crate::{
    hub::members::EndpointMembers,
    util::{log, printable::printable, sync::Mutex},
};

/// Maximum number of unknown paths that are logged. Clients may choose the paths, so the log must be bounded.
const UNKNOWN_PATHS_LOGGED: usize = 32;

/// The endpoints of an app.
pub(crate) struct Directory {
    /// Set once, when the app is built.
    endpoints: OnceLock<BTreeMap<Arc<str>, Arc<EndpointMembers>>>,
    /// The endpoint for all other paths. It has no connections.
    unknown: Arc<EndpointMembers>,
    /// The unknown paths that were logged.
    logged: Mutex<BTreeSet<String>>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            endpoints: OnceLock::new(),
            unknown: Arc::new(EndpointMembers::unknown()),
            logged: Mutex::default(),
        }
    }
}

impl Directory {
    /// Sets the endpoints. An app is built once, because building consumes it.
    pub(super) fn open(&self, endpoints: impl Iterator<Item = Arc<EndpointMembers>>) {
        let endpoints = endpoints.map(|endpoint| (endpoint.path.clone(), endpoint)).collect();
        let _ = self.endpoints.set(endpoints); // `open` is called once, so it is empty.
    }

    /// Returns the endpoints, sorted by path.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<EndpointMembers>> {
        self.endpoints.get().into_iter().flat_map(BTreeMap::values)
    }

    /// Returns the endpoint at `path`.
    pub(super) fn named(self: &Arc<Self>, path: &str) -> EndpointRef {
        match self.endpoints.get().and_then(|endpoints| endpoints.get(path)) {
            Some(endpoint) => EndpointRef::Found(endpoint.clone()),
            None => EndpointRef::Named(self.clone(), path.into()),
        }
    }

    /// Returns the endpoint at `path`, or the one without connections.
    fn find(&self, path: &str) -> &Arc<EndpointMembers> {
        let Some(endpoints) = self.endpoints.get() else {
            return &self.unknown;
        };
        endpoints.get(path).unwrap_or_else(|| {
            self.log_unknown(path);
            &self.unknown
        })
    }

    fn log_unknown(&self, path: &str) {
        let path = printable(path).to_string();
        let mut logged = self.logged.lock();
        if logged.len() < UNKNOWN_PATHS_LOGGED && logged.insert(path.clone()) {
            drop(logged);
            let known: Vec<_> = self.iter().map(|endpoint| &*endpoint.path).collect();
            log::warn!(%path, known = known.join(", "), "no handler has this path, so it has no connections");
        }
    }
}

/// An endpoint, or the path to look it up when the app is built.
#[derive(Clone)]
pub(crate) enum EndpointRef {
    Found(Arc<EndpointMembers>),
    Named(Arc<Directory>, Arc<str>),
}

impl Deref for EndpointRef {
    type Target = Arc<EndpointMembers>;

    /// Returns the endpoint. Before the app is built, and for an unknown path, it is one without connections.
    fn deref(&self) -> &Arc<EndpointMembers> {
        match self {
            Self::Found(endpoint) => endpoint,
            Self::Named(directory, path) => directory.find(path),
        }
    }
}

impl fmt::Debug for EndpointRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Found(endpoint) => &*endpoint.path,
            Self::Named(_, path) => path,
        };
        printable(path).fmt(f)
    }
}
