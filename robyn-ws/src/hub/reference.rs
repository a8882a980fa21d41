//! The name of an endpoint, which is looked up when it is used.

use std::{fmt, ops::Deref, sync::Arc};

use crate::{
    hub::{Hub, endpoint::EndpointHub},
    util::printable::printable,
};

/// An endpoint, or what it will be found by when the app is built.
#[derive(Clone)]
pub(crate) enum EndpointRef {
    Found(Arc<EndpointHub>),
    Named(Hub, Arc<str>),
}

impl Deref for EndpointRef {
    type Target = Arc<EndpointHub>;

    /// Finds the endpoint: one where nobody is, as long as there is none of that name.
    fn deref(&self) -> &Arc<EndpointHub> {
        match self {
            Self::Found(endpoint) => endpoint,
            Self::Named(hub, path) => hub.find(path),
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
