//! Rooms whose people somebody asked for lately, maybe without a member here.

use std::{collections::HashMap, time::Duration};

use crate::{
    backplane::tracked::RoomName,
    util::{
        sync::Mutex,
        time::{Moment, after},
    },
};

/// How long the people of a room are known after they were asked for.
pub(super) const WATCH: Duration = Duration::from_mins(1);

/// How long the people of a room are known after its last member here has left, so that its close handler knows them.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// The most rooms. Their names may come from clients.
const MAX_ROOMS: usize = 2000;

/// Rooms that are watched, each until its moment.
#[derive(Debug, Default)]
pub(super) struct Watched(Mutex<HashMap<RoomName, Moment>>);

impl Watched {
    /// Watches a room for so long at least. Returns `true` if it was not watched before. With too many rooms, it is not watched.
    pub(super) fn watch(&self, room: &RoomName, time: Duration, now: Moment) -> bool {
        let until = after(now, time);
        let mut rooms = self.0.lock();
        if let Some(its) = rooms.get_mut(room) {
            *its = until.max(*its);
            return false;
        }
        let has_place = rooms.len() < MAX_ROOMS;
        if has_place {
            rooms.insert(room.clone(), until);
        }
        has_place
    }

    /// Removes and returns the rooms whose time is over.
    pub(super) fn take_over(&self, now: Moment) -> Vec<RoomName> {
        let mut rooms = self.0.lock();
        rooms
            .extract_if(|_, until| *until <= now)
            .map(|(room, _)| room)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(number: usize) -> RoomName {
        RoomName {
            path: "/chat".into(),
            room: number.to_string().into(),
        }
    }

    #[test]
    fn room_is_watched_until_its_last_moment_and_the_number_is_bounded() {
        let (watched, start) = (Watched::default(), Moment::now());
        assert!(watched.watch(&room(0), WATCH, start));
        assert!(!watched.watch(&room(0), FAREWELL, start), "it is watched already");
        assert_eq!(watched.take_over(start + FAREWELL), []);
        assert_eq!(watched.take_over(start + WATCH), [room(0)]);
        assert!((0..MAX_ROOMS).all(|number| watched.watch(&room(number), WATCH, start)));
        assert!(!watched.watch(&room(MAX_ROOMS), WATCH, start));
        assert_eq!(watched.take_over(start + WATCH).len(), MAX_ROOMS);
    }
}
