//! Who is in a room, on all nodes, with a value that each of them shows.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;

use crate::{
    hub::{
        audience::{Audience, Scope},
        members::EndpointMembers,
        remote::named,
    },
    types::{
        error::JsonError,
        id::ConnectionId,
        identity::Identity,
        present::{Present, Shown, TrackError},
    },
    util::time::unix_millis,
};

impl EndpointMembers {
    /// Shows a connection to those who ask who is in a room.
    pub(crate) fn track(
        &self,
        id: ConnectionId,
        room: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), TrackError> {
        let value = serde_json::to_string(value).map_err(JsonError::encoding)?;
        let (bytes, limit) = (value.len(), self.bounds.max_presence_value);
        if bytes > limit {
            return Err(TrackError::TooLong { bytes, limit });
        }
        let shown = Shown {
            value: value.into(),
            at: unix_millis(),
        };
        let members = self.lock();
        let rooms = members.rooms_of.get(&id);
        let room = rooms.and_then(|rooms| rooms.get(room)).ok_or(TrackError::NotMember)?;
        let indexed = members.identified.get(&id).ok_or(TrackError::NotIdentified)?;
        // Under the lock, so that it does not come behind the connection's end.
        self.remote()
            .track(&named(&self.path, room), id, &indexed.identity, shown);
        Ok(())
    }
}

impl Audience {
    /// Returns the people whom [`track`](crate::WebSocketConnector::track) shows in the rooms of this audience, on all nodes,
    /// sorted by identity, each once. Of an audience without rooms, and of an identity's, there are none.
    /// [`except`](Self::except) has no effect here: a person may have other connections. It needs the cargo feature
    /// `backplane`.
    ///
    /// It does not wait: it returns what this node knows. Of other nodes it knows the rooms in which it tracks somebody, and those
    /// for which this was called in the last minute: the first call asks for them, and the answer comes within 0.1 s. So the
    /// `connect` handler that brings the first member to a room on this node does not know the people of other nodes yet. It
    /// knows changes within 0.1 s, or within 11 s where something was lost between nodes. The people of a node that vanishes
    /// stay for 10 to 12 s, and those of one that is drained for 15 to 17 s, unless they come back to another one meanwhile.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    pub fn presence(&self) -> Vec<Present> {
        let Scope::Endpoint(endpoint) = &self.scope else {
            return Vec::new();
        };
        let mut people = BTreeMap::new();
        for room in self.rooms.iter().flatten() {
            for (identity, connections, shown) in
                endpoint.remote().people(&named(&endpoint.path, &room.as_str().into()))
            {
                add(&mut people, identity, connections, shown);
            }
        }
        people.into_values().collect()
    }
}

fn add(people: &mut BTreeMap<Identity, Present>, identity: Identity, connections: u32, shown: Shown) {
    let connections = usize::try_from(connections).unwrap_or(usize::MAX);
    match people.entry(identity.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(Present {
                identity,
                connections,
                shown,
            });
        }
        Entry::Occupied(mut entry) => {
            let present = entry.get_mut();
            present.connections = present.connections.saturating_add(connections);
            if shown.at > present.shown.at {
                present.shown = shown;
            }
        }
    }
}
