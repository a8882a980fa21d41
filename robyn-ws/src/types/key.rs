//! The key of a keyed broadcast.

use std::hash::{BuildHasher, RandomState};

/// A key, as 128 bits of hashes with random seeds. Keys of any length take the same memory, and nobody can choose two that
/// are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u128);

/// The random seeds of keys that are compared with each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySeeds([RandomState; 2]);

impl KeySeeds {
    pub(crate) fn key(&self, name: &str) -> Key {
        let [high, low] = self.0.each_ref().map(|seed| u128::from(seed.hash_one(name)));
        Key(high << 64 | low)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_are_the_same_only_for_the_same_name_and_seeds() {
        let (seeds, others) = (KeySeeds::default(), KeySeeds::default());
        let names: Vec<String> = (0..1000).map(|number| "k".repeat(number)).collect();
        let keys: HashSet<Key> = names.iter().map(|name| seeds.key(name)).collect();
        assert_eq!(keys.len(), names.len());
        assert!(names.iter().all(|name| keys.contains(&seeds.key(name))));
        assert!(names.iter().all(|name| !keys.contains(&others.key(name))));
        assert!(keys.iter().all(|key| key.0 >> 64 != key.0 & u128::from(u64::MAX)));
    }
}
