//! The connections of each identity, on all endpoints of an app.

use std::{collections::HashMap, sync::Arc};

use smallvec::SmallVec;

use crate::{
    hub::{Hub, audience::Audience, live::Live, members::EndpointMembers},
    types::{id::ConnectionId, identity::Identity},
    util::sync::{Mutex, MutexGuard},
};

/// The index of an app: its identified connections, by identity. An identity without connections has no entry, so there
/// are at most as many entries as connections.
///
/// It changes only under the lock of the connection's endpoint, so both always agree about a connection.
#[derive(Debug, Default)]
pub(crate) struct Identities(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    connections: HashMap<Identity, Connections>,
    /// Number of connections that were added so far.
    added: u64,
}

/// The connections of one identity, the oldest first. Most identities have one.
type Connections = SmallVec<[(u64, Arc<Live>); 1]>;

/// A connection in the index.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub(super) identity: Identity,
    /// Its number in the order in which connections were added.
    number: u64,
}

impl Hub {
    /// Returns the audience of all connections of a person, on every endpoint: to tell all tabs and devices something, or to
    /// close them.
    ///
    /// It is looked up each time it is used. It reaches the connections that
    /// [`identify`](crate::WebSocketConnector::identify) or an `upgrade` handler has given this identity.
    ///
    /// ```
    /// use robyn_ws::{axum::{Router, extract::Path, routing::post}, prelude::*};
    ///
    /// #[websocket("/chat/{user}", on = "upgrade")]
    /// fn enter(Path(user): Path<String>) -> Identity {
    ///     Identity::new(user)
    /// }
    ///
    /// async fn revoke(hub: Hub, Path(user): Path<String>) -> String {
    ///     let closed = hub.identity(user).close_with(4401, "revoked");
    ///     format!("closed {closed} connections")
    /// }
    ///
    /// let app = App::new().http(Router::new().route("/revoke/{user}", post(revoke)));
    /// # drop(app);
    /// ```
    pub fn identity(&self, identity: impl Into<Identity>) -> Audience {
        Audience::of_identity(self.0.identities.clone(), identity.into())
    }

    pub(crate) fn identities(&self) -> &Arc<Identities> {
        &self.0.identities
    }
}

impl Identities {
    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock()
    }

    /// Returns the connections of `identity` without those of `except`, by endpoint.
    pub(super) fn by_endpoint(
        &self,
        identity: &Identity,
        except: &[ConnectionId],
    ) -> Vec<(Arc<EndpointMembers>, Vec<Arc<Live>>)> {
        let index = self.lock();
        let connections = index.connections.get(identity).into_iter().flatten();
        let mut by_endpoint = Vec::<(Arc<EndpointMembers>, Vec<Arc<Live>>)>::new();
        for (_, live) in connections.filter(|(_, live)| except.binary_search(&live.id).is_err()) {
            // Searched one by one: an app has few endpoints.
            let known = by_endpoint
                .iter_mut()
                .find(|(known, _)| Arc::ptr_eq(known, &live.endpoint));
            match known {
                Some((_, connections)) => connections.push(live.clone()),
                None => by_endpoint.push((live.endpoint.clone(), vec![live.clone()])),
            }
        }
        by_endpoint
    }

    /// Returns the number of connections of `identity`.
    pub(super) fn count(&self, identity: &Identity) -> usize {
        self.lock().connections.get(identity).map_or(0, SmallVec::len)
    }

    /// Adds a connection, and removes it from its `previous` identity. Returns the number of connections of the identity as
    /// well.
    pub(super) fn add(&self, live: &Arc<Live>, identity: Identity, previous: Option<&Indexed>) -> (Indexed, usize) {
        let mut index = self.lock();
        if let Some(previous) = previous {
            index.remove(previous);
        }
        index.add(live, identity)
    }

    /// Removes a connection. A second call does nothing.
    pub(super) fn remove(&self, indexed: &Indexed) {
        self.lock().remove(indexed);
    }
}

impl Index {
    fn add(&mut self, live: &Arc<Live>, identity: Identity) -> (Indexed, usize) {
        self.added += 1;
        let number = self.added;
        let connections = self.connections.entry(identity.clone()).or_default();
        connections.push((number, live.clone()));
        (Indexed { identity, number }, connections.len())
    }

    fn remove(&mut self, Indexed { identity, number }: &Indexed) {
        let Some(connections) = self.connections.get_mut(identity) else {
            return;
        };
        if let Ok(place) = connections.binary_search_by_key(number, |(number, _)| *number) {
            connections.remove(place);
        }
        if connections.is_empty() {
            self.connections.remove(identity);
        }
    }
}
