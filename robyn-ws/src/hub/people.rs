//! The identities of an endpoint's connections.

use std::sync::Arc;

use crate::{
    hub::{
        identities::{Added, IdentityScopes, Indexed},
        live::Live,
        members::{EndpointMembers, MemberTable},
    },
    types::{
        close::Ending,
        id::{ConnectionId, IdMap},
        identity::Identity,
        membership::Identified,
    },
    util::log,
};

/// The identified connections of an endpoint. A connection that has left keeps its identity until its close handler has
/// run.
pub(super) type IdentifiedConnections = IdMap<Indexed>;

/// Why a connection did not get an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityRefusal {
    #[error("the connection has ended")]
    NotConnected,
    #[error("the identity has {bytes} bytes, more than the {limit} of `Limits::max_identity_size`")]
    TooLong { bytes: usize, limit: usize },
    #[error("connection limit of this identity reached (`Limits::max_connections_per_identity`)")]
    TooMany,
}

impl EndpointMembers {
    /// Sets the index of the app, and the limits of connections of an identity.
    pub(crate) fn with_identities(mut self, identities: IdentityScopes) -> Self {
        self.identities = identities;
        self
    }

    /// Logs why a connection has no identity, and is closed.
    #[cold]
    pub(crate) fn warn_not_identified(&self, id: ConnectionId, refusal: IdentityRefusal) {
        let (warnings, limit) = match refusal {
            IdentityRefusal::NotConnected => return,
            IdentityRefusal::TooLong { .. } => (&self.warnings.long_identities, "max_identity_size"),
            IdentityRefusal::TooMany => (&self.warnings.connections_of_identity, "max_connections_per_identity"),
        };
        let path = self.path.clone();
        let is_first = warnings.is_first(move |more| {
            log::warn!(endpoint = %path, limit, more, "more connections were closed, since they were not identified: the limit is reached");
        });
        log::warn_first!(is_first, %id, endpoint = %self.path, limit, "not identified, so the connection is closed: {refusal}");
    }

    /// Sets who the client of a connection is, which may be pending. Closes the connections that give way to it.
    pub(crate) fn identify(&self, live: &Arc<Live>, identity: Identity) -> Result<Identified, IdentityRefusal> {
        let (bytes, limit) = (identity.as_str().len(), self.bounds.max_identity_size);
        if bytes > limit {
            return Err(IdentityRefusal::TooLong { bytes, limit });
        }
        let mut members = self.lock();
        if !members.everyone.contains(live.id) && !members.pending.contains_key(&live.id) {
            return Err(IdentityRefusal::NotConnected);
        }
        let previous = members.identified.get(&live.id);
        if previous.is_some_and(|previous| previous.identity == identity) {
            return Ok(Identified::new(self.identities.count(&identity), Vec::new()));
        }
        let Added {
            indexed,
            count,
            replaced,
        } = self.identities.add_connection(live, identity, previous)?;
        let previous = members.identified.insert(live.id, indexed);
        let changes = members.rename(live.id, previous.as_ref().map(|previous| &previous.identity));
        for change in &changes {
            if let Some(identity) = members.identity_of(live.id) {
                self.remote().renamed(&self.path, &change.room, live.id, identity);
            }
        }
        drop(members);
        for live in replaced {
            live.close(Ending::replaced(live.mailbox.bounds().replaced_code));
        }
        Ok(Identified::new(count, changes))
    }

    /// Returns who the client of a connection is, or was until it left.
    pub(crate) fn identity_of(&self, id: ConnectionId) -> Option<Identity> {
        self.lock().identity_of(id).cloned()
    }

    /// Returns the identities of the connections in any of `rooms`, or of all connections, without those of `except`. An
    /// identity appears as often as it has connections.
    pub(crate) fn identities_in(&self, rooms: Option<&[String]>, except: &[ConnectionId]) -> Vec<Identity> {
        let members = self.lock();
        if let Some(rooms) = rooms {
            let union = members.union(rooms, except);
            return union
                .iter()
                .filter_map(|live| members.identity_of(live.id).cloned())
                .collect();
        }
        let identified = members.identified.iter();
        let included =
            identified.filter(|(id, _)| members.everyone.contains(**id) && except.binary_search(id).is_err());
        included.map(|(_, indexed)| indexed.identity.clone()).collect()
    }

    /// Divides connections of this endpoint that had `identity` into those in any of `rooms`, or in the endpoint, and pending
    /// ones. Others are left out, except for the sender of a broadcast that has left, and so are those that have another
    /// identity by now: who is in a room was `identity` in the same moment.
    pub(super) fn divide(
        &self,
        mut connections: Vec<Arc<Live>>,
        identity: &Identity,
        rooms: Option<&[String]>,
    ) -> (Vec<Arc<Live>>, Vec<Arc<Live>>) {
        let members = self.lock();
        let renamed: Vec<_> = connections
            .extract_if(.., |live| members.identity_of(live.id) != Some(identity))
            .collect();
        let sender = members.leaving_sender(rooms).map(|live| live.id);
        let (included, others): (Vec<_>, Vec<_>) = connections
            .into_iter()
            .partition(|live| members.is_in_any(live.id, rooms) || sender == Some(live.id));
        let is_pending = |live: &Arc<Live>| rooms.is_none() && members.pending.contains_key(&live.id);
        let (pending, gone): (Vec<_>, Vec<_>) = others.into_iter().partition(is_pending);
        drop(members);
        // Dropped outside the lock, as in `forget`.
        drop((gone, renamed));
        (included, pending)
    }
}

impl MemberTable {
    fn identity_of(&self, id: ConnectionId) -> Option<&Identity> {
        self.identified.get(&id).map(|indexed| &indexed.identity)
    }

    /// Returns `true` if the connection is in any of `rooms`, or in the endpoint.
    fn is_in_any(&self, id: ConnectionId, rooms: Option<&[String]>) -> bool {
        let is_in = |room: &String| self.rooms.get(&**room).is_some_and(|group| group.contains(id));
        match rooms {
            None => self.everyone.contains(id),
            Some(rooms) => rooms.iter().any(is_in),
        }
    }
}
