//! What was seen lately, in bounded memory.

use std::{collections::HashMap, hash::Hash, mem};

/// A map that forgets what was not used for long. It remembers at least the last `generation` keys, and at most twice as many.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Eq + Hash, V: Copy> Recent<K, V> {
    pub(super) fn new(generation: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            generation,
        }
    }

    /// Returns the value of a key, if it is remembered.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    /// Sets the value of a key.
    pub(super) fn set(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let mut recent = Recent::new(10);
        recent.set(0, 0);
        for number in 1..1000 {
            recent.set(number, number);
            recent.set(0, number);
            assert_eq!((recent.get(&0), recent.get(&number)), (Some(number), Some(number)));
            assert!(recent.young.len() + recent.old.len() <= 20);
        }
        assert!((991..1000).all(|number| recent.get(&number) == Some(number)));
        assert_eq!(recent.get(&900), None);
    }
}
