//! The positions of the keyed frames in a queue.

use std::{collections::HashMap, mem::replace};

use crate::types::{id::IdHash, key::Key};

/// The positions of the keyed frames in a queue. One word while there are none.
#[derive(Debug, Default)]
pub(super) struct KeyedPositions(Option<Box<Positions>>);

#[derive(Debug, Default)]
struct Positions {
    /// The number of each key's frame: its position, and the number of frames that had left the queue before. Numbers of
    /// frames that have left remain until there are many.
    numbers: HashMap<Key, usize, IdHash>,
    /// Number of frames that have left the queue.
    left: usize,
}

impl KeyedPositions {
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn get(&self, key: Key) -> Option<usize> {
        let positions = self.0.as_ref()?;
        positions.numbers.get(&key)?.checked_sub(positions.left)
    }

    pub(super) fn insert(&mut self, key: Key, position: usize) {
        let positions = self.0.get_or_insert_default();
        positions.numbers.insert(key, positions.left + position);
    }

    /// Removes a key whose frame is removed from the middle of the queue. Returns the frame's position.
    pub(super) fn remove(&mut self, key: Key) -> Option<usize> {
        let position = self.get(key)?;
        let positions = self.0.as_mut()?;
        let removed = positions.numbers.remove(&key)?;
        for number in positions.numbers.values_mut() {
            *number -= usize::from(*number > removed);
        }
        Some(position)
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
        let Some(positions) = self.0.as_mut().filter(|_| remaining > 0) else {
            self.0 = None;
            return;
        };
        positions.left += count;
        // Searched only when half of the numbers may be of frames that have left.
        if positions.numbers.len() > 2 * remaining {
            let left = positions.left;
            positions.numbers.retain(|_, number| *number >= left);
        }
    }

    /// Returns the positions behind `ahead` other frames.
    pub(super) fn behind(mut self, ahead: usize) -> Self {
        if let Some(positions) = &mut self.0 {
            let left = replace(&mut positions.left, 0);
            positions.numbers.retain(|_, number| *number >= left);
            for number in positions.numbers.values_mut() {
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
        let mut positions = KeyedPositions::default();
        positions.insert(one, 0);
        positions.insert(two, 1);
        positions.insert(three, 3);
        positions.advance(1, 3);
        assert_eq!(
            [one, two, three].map(|key| positions.get(key)),
            [None, Some(0), Some(2)]
        );
        positions.insert(one, 3);
        let mut positions = positions.behind(10);
        assert_eq!(
            [one, two, three].map(|key| positions.get(key)),
            [Some(13), Some(10), Some(12)]
        );
        assert_eq!(positions.remove(two), Some(10));
        assert_eq!(
            [one, two, three].map(|key| positions.get(key)),
            [Some(12), None, Some(11)]
        );
        positions.advance(13, 0);
        assert!(positions.is_empty());
    }

    #[test]
    fn numbers_of_frames_that_have_left_do_not_pile_up() {
        let seeds = KeySeeds::default();
        let mut positions = KeyedPositions::default();
        for number in 0..1000 {
            positions.insert(seeds.key(&number.to_string()), number.min(10));
            if number >= 10 {
                positions.advance(1, 10);
            }
            let kept = positions.0.as_ref().map_or(0, |positions| positions.numbers.len());
            assert!(kept <= 21, "{kept}");
        }
    }
}
