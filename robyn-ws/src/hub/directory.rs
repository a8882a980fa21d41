//! The endpoints of an app by their paths. One may be asked for before the app is built: it is looked up when it is used.

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

/// How many paths without handlers are logged. They may be chosen by clients, so more would be a log without end.
const UNKNOWN_PATHS_LOGGED: usize = 32;

/// The endpoints of an app.
pub(crate) struct Directory {
    /// Set once, when the app is built.
    endpoints: OnceLock<BTreeMap<Box<str>, Arc<EndpointMembers>>>,
    /// The endpoint that every other path stands for.
    nowhere: Arc<EndpointMembers>,
    /// The paths that were logged because they have no handlers, as they were logged.
    unknown: Mutex<BTreeSet<String>>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            endpoints: OnceLock::new(),
            nowhere: Arc::new(EndpointMembers::nowhere()),
            unknown: Mutex::default(),
        }
    }
}

impl Directory {
    /// Fixes the endpoints; an app is built once, since building consumes it.
    pub(super) fn open(&self, endpoints: impl Iterator<Item = Arc<EndpointMembers>>) {
        let endpoints = endpoints.map(|endpoint| (endpoint.path.clone(), endpoint)).collect();
        let _ = self.endpoints.set(endpoints); // It is not set twice.
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

    /// Finds the endpoint at `path`, or the one where nobody is.
    fn find(&self, path: &str) -> &Arc<EndpointMembers> {
        let Some(endpoints) = self.endpoints.get() else {
            return &self.nowhere;
        };
        endpoints.get(path).unwrap_or_else(|| {
            self.log_unknown(path);
            &self.nowhere
        })
    }

    fn log_unknown(&self, path: &str) {
        let path = printable(path).to_string();
        let mut unknown = self.unknown.lock();
        if unknown.len() < UNKNOWN_PATHS_LOGGED && unknown.insert(path.clone()) {
            drop(unknown);
            let known: Vec<_> = self.iter().map(|endpoint| &endpoint.path).collect();
            log::warn!(%path, ?known, "no handler has this path, so nobody is there");
        }
    }
}

/// An endpoint, or what it will be found by when the app is built.
#[derive(Clone)]
pub(crate) enum EndpointRef {
    Found(Arc<EndpointMembers>),
    Named(Arc<Directory>, Arc<str>),
}

impl Deref for EndpointRef {
    type Target = Arc<EndpointMembers>;

    /// Finds the endpoint: one where nobody is, as long as there is none of that name.
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
