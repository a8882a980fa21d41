//! Where the keyed frames are in a queue.

use std::{collections::HashMap, mem::replace};

use crate::types::{id::IdHash, key::Key};

/// The places of the keyed frames in a queue. One word while there are none.
#[derive(Debug, Default)]
pub(super) struct KeyedPlaces(Option<Box<Places>>);

#[derive(Debug, Default)]
struct Places {
    /// The number of each key's frame: its place, and the number of frames that had left the queue before. Numbers of
    /// frames that have left remain until there are many.
    numbers: HashMap<Key, usize, IdHash>,
    /// Number of frames that have left the queue.
    left: usize,
}

impl KeyedPlaces {
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn get(&self, key: Key) -> Option<usize> {
        let places = self.0.as_ref()?;
        places.numbers.get(&key)?.checked_sub(places.left)
    }

    pub(super) fn insert(&mut self, key: Key, place: usize) {
        let places = self.0.get_or_insert_default();
        places.numbers.insert(key, places.left + place);
    }

    /// Removes a key whose frame is removed from the middle of the queue. Returns the frame's place.
    pub(super) fn remove(&mut self, key: Key) -> Option<usize> {
        let place = self.get(key)?;
        let places = self.0.as_mut()?;
        let removed = places.numbers.remove(&key)?;
        for number in places.numbers.values_mut() {
            *number -= usize::from(*number > removed);
        }
        Some(place)
    }

    /// Removes the frames that have left the front of the queue, which has `remaining` ones.
    #[inline]
    pub(super) fn advance(&mut self, count: usize, remaining: usize) {
        if self.0.is_some() {
            self.skip(count, remaining);
        }
    }

    #[cold]
    fn skip(&mut self, count: usize, remaining: usize) {
        let Some(places) = self.0.as_mut().filter(|_| remaining > 0) else {
            self.0 = None;
            return;
        };
        places.left += count;
        // Searched only when half of the numbers may be of frames that have left.
        if places.numbers.len() > 2 * remaining {
            let left = places.left;
            places.numbers.retain(|_, number| *number >= left);
        }
    }

    /// Returns the places behind `ahead` other frames.
    pub(super) fn behind(mut self, ahead: usize) -> Self {
        if let Some(places) = &mut self.0 {
            let left = replace(&mut places.left, 0);
            places.numbers.retain(|_, number| *number >= left);
            for number in places.numbers.values_mut() {
                *number = *number - left + ahead;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::key::KeySeeds;

    #[test]
    fn places_follow_the_queue_and_are_forgotten_with_it() {
        let seeds = KeySeeds::default();
        let [one, two, three] = ["1", "2", "3"].map(|name| seeds.key(name));
        let mut places = KeyedPlaces::default();
        places.insert(one, 0);
        places.insert(two, 1);
        places.insert(three, 3);
        places.advance(1, 3);
        assert_eq!([one, two, three].map(|key| places.get(key)), [None, Some(0), Some(2)]);
        places.insert(one, 3);
        let mut places = places.behind(10);
        assert_eq!(
            [one, two, three].map(|key| places.get(key)),
            [Some(13), Some(10), Some(12)]
        );
        assert_eq!(places.remove(two), Some(10));
        assert_eq!([one, two, three].map(|key| places.get(key)), [Some(12), None, Some(11)]);
        places.advance(13, 0);
        assert!(places.is_empty());
    }

    #[test]
    fn numbers_of_frames_that_have_left_do_not_pile_up() {
        let seeds = KeySeeds::default();
        let mut places = KeyedPlaces::default();
        for number in 0..1000 {
            places.insert(seeds.key(&number.to_string()), number.min(10));
            if number >= 10 {
                places.advance(1, 10);
            }
            let kept = places.0.as_ref().map_or(0, |places| places.numbers.len());
            assert!(kept <= 21, "{kept}");
        }
    }
}
