//! The recipients of a broadcast that is queued for each of them.

use std::sync::Arc;

use crate::{
    hub::{
        group::Group,
        live::Live,
        members::{EndpointMembers, MemberTable},
    },
    types::id::ConnectionId,
};

/// The recipients of a broadcast at one moment.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    pub(super) connections: Vec<Arc<Live>>,
    /// Connections whose 101 is not sent yet.
    pub(super) pending: Vec<Arc<Live>>,
}

impl EndpointMembers {
    /// Returns the connections in any of `rooms`, or all connections, without `except`, which is sorted. Frames that are
    /// deferred for them are queued first, since that costs less for all together.
    pub(super) fn recipients(&self, rooms: Option<&[String]>, except: &[ConnectionId]) -> Recipients {
        let mut members = self.lock();
        let is_for = |live: &Arc<Live>| except.binary_search(&live.id).is_err();
        let deferred = members.group_around(rooms).map(Group::queue_pending);
        let mut recipients = Recipients::default();
        match rooms {
            None => {
                recipients.pending = members.pending.values().cloned().collect();
                recipients.connections = members.everyone.members().cloned().collect();
                recipients.connections.retain(is_for);
            }
            Some(rooms) => recipients.connections = members.union(rooms, except),
        }
        // As for all broadcasts.
        recipients
            .connections
            .extend(members.leaving_sender(rooms).filter(is_for));
        drop(members);
        for shard in deferred.iter().flat_map(|snapshot| snapshot.iter()) {
            shard.flusher.start();
        }
        recipients
    }
}

impl MemberTable {
    /// Returns the smallest group that includes all of `rooms`.
    fn group_around(&mut self, rooms: Option<&[String]>) -> Option<&mut Group> {
        match rooms {
            Some([room]) => self.rooms.get_mut(&**room),
            _ => Some(&mut self.everyone),
        }
    }
}
