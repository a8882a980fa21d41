//! How many connections of each person are in each room.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use crate::types::identity::Identity;

/// The number of connections in a room, for each room and each identity that has some there. Connections without an
/// identity are not counted: each is a person of its own.
#[derive(Debug, Default)]
pub(super) struct Presence(HashMap<(Arc<str>, Identity), usize>);

impl Presence {
    /// Counts a connection that joins. Returns `true` if it is the first of its person in the room.
    pub(super) fn join(&mut self, room: &Arc<str>, identity: Option<&Identity>) -> bool {
        let Some(identity) = identity else { return true };
        let count = self.0.entry((room.clone(), identity.clone())).or_default();
        *count += 1;
        *count == 1
    }

    /// Counts a connection that leaves. Returns `true` if it was the last of its person in the room.
    pub(super) fn leave(&mut self, room: &Arc<str>, identity: Option<&Identity>) -> bool {
        let Some(identity) = identity else { return true };
        let Entry::Occupied(mut count) = self.0.entry((room.clone(), identity.clone())) else {
            return true;
        };
        *count.get_mut() -= 1;
        let is_last = *count.get() == 0;
        if is_last {
            count.remove();
        }
        is_last
    }
}
