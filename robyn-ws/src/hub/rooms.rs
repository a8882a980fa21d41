//! The rooms of an endpoint, and who is in them.

use std::{collections::HashSet, sync::Arc};

use crate::{
    hub::{
        group::Group,
        members::{EndpointMembers, MemberTable},
    },
    types::{
        departed::Departure,
        id::ConnectionId,
        identity::Identity,
        limits::Bounds,
        membership::{Joined, Left, RoomChange},
    },
    util::{log, printable::printable},
};

/// Names of rooms.
pub(super) type Rooms = HashSet<Arc<str>>;

/// A room that a connection has left when it ended, in the moment after.
#[derive(Clone, Debug)]
pub(super) struct RoomLeft {
    pub(super) room: Arc<str>,
    /// Number of connections in the room.
    pub(super) count: usize,
    last_of_identity: bool,
}

/// Why a connection did not join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JoinRefusal {
    NotConnected,
    TooManyRooms,
    NameTooLong,
}

impl EndpointMembers {
    /// Adds the connection to the room, or logs why not.
    pub(crate) fn join(&self, id: ConnectionId, room: &str) -> Joined {
        let mut members = self.lock();
        let rooms = members.rooms.len();
        let is_first = members.join(id, room, &self.bounds);
        if members.rooms.len() > rooms {
            self.remote().room_begins(&self.path, room);
        }
        let joined = Joined {
            count: members.count_in(room),
            is_member: is_first.is_ok(),
            first_of_identity: is_first == Ok(true),
        };
        drop(members);
        if let Err(refusal) = is_first {
            self.warn_not_joined(id, room, refusal);
        }
        joined
    }

    #[cold]
    fn warn_not_joined(&self, id: ConnectionId, room: &str, refusal: JoinRefusal) {
        let (warnings, limit) = match refusal {
            JoinRefusal::NotConnected => return,
            JoinRefusal::TooManyRooms => (&self.warnings.too_many_rooms, "max_rooms_per_connection"),
            JoinRefusal::NameTooLong => (&self.warnings.long_room_names, "max_room_name"),
        };
        let path = self.path.clone();
        let is_first = warnings.is_first(move |more| {
            log::warn!(endpoint = %path, limit, more, "more rooms were not joined: the limit is reached");
        });
        let (room, bytes) = (printable(room), room.len());
        log::warn_first!(is_first, %id, endpoint = %self.path, limit, %room, bytes, "not joined: the limit is reached");
    }

    /// Removes the connection from the room.
    pub(crate) fn leave_room(&self, id: ConnectionId, room: &str) -> Left {
        let mut members = self.lock();
        let left = members.leave(id, room);
        if let Some(left) = &left {
            self.remote().room_left(&self.path, &left.room, id, left.count == 0);
        }
        Left {
            count: members.count_in(room),
            was_member: left.is_some(),
            last_of_identity: left.is_some_and(|left| left.last_of_identity),
        }
    }

    /// Returns the rooms of a connection. If it has left, returns the rooms that it was in.
    pub(crate) fn rooms_of(&self, id: ConnectionId) -> Vec<Arc<str>> {
        let members = self.lock();
        if let Some(rooms) = members.rooms_of.get(&id) {
            return rooms.iter().cloned().collect();
        }
        let left = members.rooms_left.get(&id);
        left.into_iter().flatten().map(|left| left.room.clone()).collect()
    }

    /// Returns the rooms that a connection has left when it ended, for its close handler.
    pub(crate) fn departures(&self, id: ConnectionId) -> Vec<Departure> {
        let members = self.lock();
        let left = members.rooms_left.get(&id).cloned().unwrap_or_default();
        drop(members);
        let departures = left.into_iter();
        departures
            .map(|left| Departure::new(&*left.room, left.count, left.last_of_identity))
            .collect()
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
    fn count_in(&self, room: &str) -> usize {
        self.rooms.get(room).map_or(0, Group::len)
    }

    /// Adds the connection to the room. Returns `true` if it is the first of its identity there, and `false` if it is in
    /// the room already.
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
        let identity = self.identified.get(&id).map(|indexed| &indexed.identity);
        let is_first = self.presence.join(&name, identity);
        self.rooms_of.entry(id).or_default().insert(name);
        Ok(is_first)
    }

    /// Removes the connection from the room, if it is there.
    fn leave(&mut self, id: ConnectionId, room: &str) -> Option<RoomLeft> {
        let rooms = self.rooms_of.get_mut(&id)?;
        let room = rooms.take(room)?;
        if rooms.is_empty() {
            self.rooms_of.remove(&id);
        }
        Some(self.leave_room(id, room))
    }

    /// Removes the connection from all its rooms, and calls `each` with each of them.
    pub(super) fn leave_rooms(&mut self, id: ConnectionId, each: impl FnMut(&RoomLeft)) {
        let Some(rooms) = self.rooms_of.remove(&id) else {
            return;
        };
        let left: Vec<_> = rooms.into_iter().map(|room| self.leave_room(id, room)).collect();
        left.iter().for_each(each);
        self.rooms_left.insert(id, left);
    }

    /// Removes the connection from the room. An empty room is dropped, because clients may choose the names.
    fn leave_room(&mut self, id: ConnectionId, room: Arc<str>) -> RoomLeft {
        if let Some(group) = self.rooms.get_mut(&room) {
            group.remove(id);
            if group.is_empty() {
                self.rooms.remove(&room);
            }
        }
        let identity = self.identified.get(&id).map(|indexed| &indexed.identity);
        RoomLeft {
            count: self.count_in(&room),
            last_of_identity: self.presence.leave(&room, identity),
            room,
        }
    }

    /// Counts the connection under its new identity in all its rooms.
    pub(super) fn rename(&mut self, id: ConnectionId, previous: Option<&Identity>) -> Vec<RoomChange> {
        let identity = self.identified.get(&id).map(|indexed| &indexed.identity);
        let rooms = self.rooms_of.get(&id).into_iter().flatten();
        let presence = &mut self.presence;
        rooms
            .map(|room| RoomChange {
                last_of_previous: presence.leave(room, previous),
                first_of_identity: presence.join(room, identity),
                room: room.to_string(),
            })
            .collect()
    }
}
