//! The connections of each identity, on all endpoints of an app.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use smallvec::SmallVec;

use crate::{
    hub::{Hub, audience::Audience, live::Live, members::EndpointMembers, people::IdentityRefusal, remote::Remote},
    mailbox::sender::Sender,
    types::{
        id::{ConnectionId, IdMap},
        identity::Identity,
        limits::{Bounds, IdentityOverflow},
    },
    util::sync::{Mutex, MutexGuard},
};

/// The index of an app: its identified connections, by identity. An identity without connections has no entry, so there
/// are at most as many entries as connections.
///
/// It changes only under the lock of the connection's endpoint, so both always agree about a connection. Only a connection
/// that gives way to a newer one leaves the index first.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    index: Mutex<Index>,
    remote: Remote,
}

#[derive(Debug, Default)]
struct Index {
    connections: HashMap<(Scope, Identity), Connections>,
    /// Connections that have left, for the broadcasts of their own handlers.
    leaving: IdMap<(Identity, Arc<Live>)>,
    /// Number of connections that were added so far.
    added: u64,
    /// The last scope besides that of the app.
    last_scope: Scope,
}

/// Connections of one identity.
type ByEndpoint = Vec<(Arc<EndpointMembers>, Vec<Arc<Live>>)>;

/// The connections of one identity, the oldest first. Most identities have one.
type Connections = SmallVec<[(u64, Arc<Live>); 1]>;

/// The number of a part of an app whose connections are counted together: 0 is the app, and each sub-router with a limit of
/// its own has another one.
type Scope = u32;

const APP: Scope = 0;

/// A connection in the index.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub(super) identity: Identity,
    /// Its number in the order in which connections were added.
    number: u64,
}

/// The result of adding a connection.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) indexed: Indexed,
    /// Number of connections of the identity.
    pub(super) count: usize,
    /// The connections that give way. The caller closes them without a lock.
    pub(super) replaced: Vec<Arc<Live>>,
}

/// The index of an app, and the scopes in which the connections of an endpoint are counted: the app, then the sub-routers
/// around the endpoint.
#[derive(Clone, Debug)]
pub(crate) struct IdentityScopes {
    identities: Arc<Identities>,
    limits: Vec<(Scope, IdentityLimit)>,
}

/// The most connections of one identity in a scope.
#[derive(Clone, Copy, Debug)]
struct IdentityLimit {
    most: Option<usize>,
    overflow: IdentityOverflow,
}

impl IdentityScopes {
    /// Creates the scope of an app.
    pub(crate) fn of_app(identities: Arc<Identities>, bounds: &Bounds) -> Self {
        Self {
            identities,
            limits: vec![(APP, bounds.into())],
        }
    }

    /// Adds the scope of a sub-router with its own limits.
    pub(crate) fn add(&mut self, bounds: &Bounds) {
        let mut index = self.identities.lock();
        index.last_scope += 1;
        self.limits.push((index.last_scope, bounds.into()));
    }

    /// Returns the other nodes of the app.
    #[inline]
    pub(super) fn remote(&self) -> &Remote {
        &self.identities.remote
    }

    /// Returns the number of connections of `identity` in the app.
    pub(super) fn count(&self, identity: &Identity) -> usize {
        self.identities.lock().count(APP, identity)
    }

    /// Adds a connection of this endpoint, and removes it from its `previous` identity. Fails if a limit refuses it.
    pub(super) fn add_connection(
        &self,
        live: &Arc<Live>,
        identity: Identity,
        previous: Option<&Indexed>,
    ) -> Result<Added, IdentityRefusal> {
        let mut index = self.identities.lock();
        let oldest = self.in_excess(&index, &identity)?;
        if let Some(previous) = previous {
            index.remove(self, previous);
        }
        let mut replaced = Vec::new();
        for number in oldest {
            let identity = identity.clone();
            replaced.extend(index.take(&Indexed { identity, number }));
        }
        let number = index.add(self, live, &identity);
        Ok(Added {
            count: index.count(APP, &identity),
            indexed: Indexed { identity, number },
            replaced,
        })
    }

    /// Returns the numbers of the connections that give way to one more of `identity`, or the limit that refuses it.
    fn in_excess(&self, index: &Index, identity: &Identity) -> Result<Vec<u64>, IdentityRefusal> {
        let mut oldest = Vec::new();
        // From the innermost sub-router to the app. What gives way in one scope makes room in those around it.
        for (scope, limit) in self.limits.iter().rev() {
            let Some(most) = limit.most else { continue };
            let there = index.connections.get(&(*scope, identity.clone()));
            let there = there.into_iter().flatten().map(|(number, _)| *number);
            let staying: Vec<_> = there.filter(|number| !oldest.contains(number)).collect();
            let excess = (staying.len() + 1).saturating_sub(most);
            match limit.overflow {
                IdentityOverflow::Refuse if excess > 0 => return Err(IdentityRefusal::TooMany),
                IdentityOverflow::Refuse => {}
                IdentityOverflow::CloseOldest => oldest.extend(&staying[..excess.min(staying.len())]),
            }
        }
        Ok(oldest)
    }

    /// Removes a connection of this endpoint. A second call does nothing.
    pub(super) fn remove(&self, indexed: &Indexed) {
        self.identities.lock().remove(self, indexed);
    }

    /// Like [`Self::remove`], for a connection whose handlers still run.
    pub(super) fn leave(&self, indexed: &Indexed, live: &Arc<Live>) {
        let mut index = self.identities.lock();
        index.remove(self, indexed);
        index.leaving.insert(live.id, (indexed.identity.clone(), live.clone()));
    }

    /// Forgets a connection that has left, and returns it to be dropped without a lock.
    pub(super) fn forget(&self, id: ConnectionId) -> Option<(Identity, Arc<Live>)> {
        self.identities.lock().leaving.remove(&id)
    }
}

impl Default for IdentityScopes {
    fn default() -> Self {
        Self::of_app(Arc::default(), &Bounds::default())
    }
}

impl From<&Bounds> for IdentityLimit {
    fn from(bounds: &Bounds) -> Self {
        Self {
            most: bounds.max_connections_per_identity,
            overflow: bounds.identity_overflow,
        }
    }
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

    pub(crate) fn remote(&self) -> &Remote {
        &self.0.identities.remote
    }
}

impl Identities {
    #[cfg(all(test, races))]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().connections.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock()
    }

    /// Returns the other nodes of the app.
    pub(super) const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Returns the connections of `identity` without those of `except`, by endpoint.
    pub(super) fn by_endpoint(&self, identity: &Identity, except: &[ConnectionId]) -> ByEndpoint {
        self.lock().by_endpoint(identity, except, None)
    }

    /// Returns the recipients of a broadcast to `identity`, by endpoint. Its sender is one of them after it has left, as for
    /// all broadcasts.
    pub(super) fn recipients(&self, identity: &Identity, except: &[ConnectionId]) -> ByEndpoint {
        self.lock().by_endpoint(identity, except, Sender::running_recipient())
    }
}

impl Index {
    fn by_endpoint(&self, identity: &Identity, except: &[ConnectionId], sender: Option<ConnectionId>) -> ByEndpoint {
        let sender = sender.and_then(|id| self.leaving.get(&id));
        let sender = sender.filter(|(its, _)| its == identity).map(|(_, live)| live);
        let connections = self.of(APP, identity).map(|(_, live)| live).chain(sender);
        let mut by_endpoint = ByEndpoint::new();
        for live in connections.filter(|live| except.binary_search(&live.id).is_err()) {
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

    fn of(&self, scope: Scope, identity: &Identity) -> impl Iterator<Item = &(u64, Arc<Live>)> {
        self.connections.get(&(scope, identity.clone())).into_iter().flatten()
    }

    fn count(&self, scope: Scope, identity: &Identity) -> usize {
        let connections = self.connections.get(&(scope, identity.clone()));
        connections.map_or(0, SmallVec::len)
    }

    /// Adds a connection in all scopes of its endpoint. Returns its number.
    fn add(&mut self, scopes: &IdentityScopes, live: &Arc<Live>, identity: &Identity) -> u64 {
        self.added += 1;
        let number = self.added;
        for (scope, _) in &scopes.limits {
            let connections = self.connections.entry((*scope, identity.clone())).or_default();
            connections.push((number, live.clone()));
            if *scope == APP && connections.len() == 1 {
                scopes.remote().identity_begins(identity);
            }
        }
        number
    }

    /// Removes a connection from all scopes of its endpoint.
    fn remove(&mut self, scopes: &IdentityScopes, Indexed { identity, number }: &Indexed) {
        for (scope, _) in &scopes.limits {
            let Entry::Occupied(mut connections) = self.connections.entry((*scope, identity.clone())) else {
                continue;
            };
            if let Ok(place) = connections.get().binary_search_by_key(number, |(number, _)| *number) {
                connections.get_mut().remove(place);
            }
            if connections.get().is_empty() {
                connections.remove();
                if *scope == APP {
                    scopes.remote().identity_ends(identity);
                }
            }
        }
    }

    /// Removes a connection of any endpoint, and returns it.
    fn take(&mut self, indexed: &Indexed) -> Option<Arc<Live>> {
        let live = self
            .of(APP, &indexed.identity)
            .find(|(number, _)| *number == indexed.number)
            .map(|(_, live)| live.clone())?;
        self.remove(&live.endpoint.identities, indexed);
        Some(live)
    }
}
