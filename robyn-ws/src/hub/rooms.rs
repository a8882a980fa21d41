//! The rooms of an endpoint, and who is in them.

use std::{collections::HashSet, sync::Arc};

use crate::{
    hub::{
        group::Group,
        members::{EndpointMembers, MemberTable},
    },
    types::{
        id::ConnectionId,
        limits::Bounds,
        membership::{Joined, Left},
    },
};

/// Names of rooms.
pub(super) type Rooms = HashSet<Arc<str>>;

/// Why a connection did not join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinRefusal {
    NotConnected,
    TooManyRooms,
    NameTooLong,
}

impl EndpointMembers {
    /// Adds the connection to the room, or returns why not.
    pub(crate) fn join(&self, id: ConnectionId, room: &str) -> (Joined, Option<JoinRefusal>) {
        let mut members = self.lock();
        let is_new = members.join(id, room, &self.bounds);
        let joined = Joined {
            count: members.rooms.get(room).map_or(0, Group::len),
            is_member: is_new.is_ok(),
            first_of_identity: is_new == Ok(true),
        };
        (joined, is_new.err())
    }

    /// Removes the connection from the room.
    pub(crate) fn leave_room(&self, id: ConnectionId, room: &str) -> Left {
        let mut members = self.lock();
        let was_member = members.leave(id, room);
        Left {
            count: members.rooms.get(room).map_or(0, Group::len),
            was_member,
            last_of_identity: was_member,
        }
    }

    /// Returns the rooms of a connection. If it has left, returns the rooms that it was in.
    pub(crate) fn rooms_of(&self, id: ConnectionId) -> Vec<Arc<str>> {
        let members = self.lock();
        let rooms = members.rooms_of.get(&id).or_else(|| members.rooms_left.get(&id));
        rooms.into_iter().flatten().cloned().collect()
    }

    /// Returns the number of connections in any of `rooms`, without `except`.
    pub(crate) fn count_in_any(&self, rooms: &[String], except: &[ConnectionId]) -> usize {
        self.lock().union(rooms, except).len()
    }

    /// Returns the number of connections in `room`, without `except`. It must have no duplicates.
    pub(crate) fn count_in(&self, room: &str, except: &[ConnectionId]) -> usize {
        let members = self.lock();
        members.rooms.get(room).map_or(0, |group| group.count_except(except))
    }

    pub(crate) fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }
}

impl MemberTable {
    /// Adds the connection to the room. Returns `false` if it is in the room already.
    fn join(&mut self, id: ConnectionId, room: &str, bounds: &Bounds) -> Result<bool, JoinRefusal> {
        if room.len() > bounds.max_room_name {
            return Err(JoinRefusal::NameTooLong);
        }
        let live = self.everyone.get(id).cloned().ok_or(JoinRefusal::NotConnected)?;
        if self.rooms.get(room).is_some_and(|group| group.contains(id)) {
            return Ok(false);
        }
        if self.rooms_of.get(&id).map_or(0, Rooms::len) >= bounds.max_rooms_per_connection {
            return Err(JoinRefusal::TooManyRooms);
        }
        let known = self.rooms.get_key_value(room);
        let name = known.map_or_else(|| Arc::from(room), |(name, _)| name.clone());
        self.rooms.entry(name.clone()).or_default().insert(live);
        self.rooms_of.entry(id).or_default().insert(name);
        Ok(true)
    }

    /// Removes the connection from the room. Returns `false` if it is not in the room.
    fn leave(&mut self, id: ConnectionId, room: &str) -> bool {
        let Some(rooms) = self.rooms_of.get_mut(&id) else {
            return false;
        };
        if !rooms.remove(room) {
            return false;
        }
        if rooms.is_empty() {
            self.rooms_of.remove(&id);
        }
        self.leave_room(id, room);
        true
    }

    /// Removes the connection from the room. An empty room is dropped, because clients may choose the names.
    pub(super) fn leave_room(&mut self, id: ConnectionId, room: &str) {
        if let Some(group) = self.rooms.get_mut(room) {
            group.remove(id);
            if group.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}
