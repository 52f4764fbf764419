//! A map that is cheap to copy and change: parts behind shared pointers, of which a change copies one.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::Arc,
};

/// How many parts. Of 50,000 entries a change copies 200.
const PARTS: usize = 256;

/// Keys that say by themselves which part they are in. Evenly spread over 256, for they are random there.
pub trait Spread: Copy + Eq + Hash {
    /// A byte of the random part.
    fn byte(&self) -> u8;
}

/// Hashes what is random already, ids and hashes of secrets, by its last eight bytes. Nobody outside chooses any of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tail(u64);

impl Hasher for Tail {
    fn write(&mut self, bytes: &[u8]) {
        let tail = bytes
            .last_chunk()
            .map_or_else(|| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), |tail| u64::from_le_bytes(*tail));
        self.0 ^= tail;
    }

    fn finish(&self) -> u64 {
        // Counted numbers differ at one end only: they are spread over both, of which the map looks at each.
        let spread = u128::from(self.0) * 0x9E37_79B9_7F4A_7C15;
        (spread ^ (spread >> 64)) as u64
    }
}

type Part<K, V> = HashMap<K, V, BuildHasherDefault<Tail>>;

/// A map whose copies share what did not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharded<K: Spread, V> {
    parts: Box<[Arc<Part<K, V>>]>,
}

impl<K: Spread, V> Default for Sharded<K, V> {
    fn default() -> Self {
        // All parts are one empty map until something is put into them.
        let empty = Arc::new(Part::default());
        Self { parts: (0..PARTS).map(|_| empty.clone()).collect() }
    }
}

impl<K: Spread, V> Sharded<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.parts[usize::from(key.byte())].get(key)
    }

    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().flat_map(|part| part.values())
    }
}

impl<K: Spread, V: Clone> Sharded<K, V> {
    /// Puts a value in; gives what stood there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        Arc::make_mut(&mut self.parts[usize::from(key.byte())]).insert(key, value)
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let part = &mut self.parts[usize::from(key.byte())];
        // What is not there is looked for before the part is copied.
        if part.contains_key(key) { Arc::make_mut(part).remove(key) } else { None }
    }

    /// Changes every value for which there is a new one.
    pub fn replace(&mut self, new: impl Fn(&V) -> Option<V>) {
        for part in &mut self.parts {
            let changed: Vec<(K, V)> = part.iter().filter_map(|(key, value)| Some((*key, new(value)?))).collect();
            if !changed.is_empty() {
                Arc::make_mut(part).extend(changed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Spread for u32 {
        fn byte(&self) -> u8 {
            *self as u8
        }
    }

    #[test]
    fn a_copy_does_not_see_what_is_changed_later() {
        let mut map = Sharded::default();
        (0..1_000u32).for_each(|n| _ = map.insert(n, n));
        let before = map.clone();
        assert_eq!((map.insert(256, 7), map.remove(&1), map.remove(&5_000)), (Some(256), Some(1), None));
        map.replace(|value| (*value == 999).then_some(0));
        assert_eq!((map.get(&256), map.get(&1), map.get(&999)), (Some(&7), None, Some(&0)));
        assert_eq!((before.get(&256), before.get(&1), before.get(&999)), (Some(&256), Some(&1), Some(&999)));
        assert_eq!((map.values().count(), before.values().count()), (999, 1_000));
        let shared = map.parts.iter().zip(&before.parts).filter(|(now, then)| Arc::ptr_eq(now, then)).count();
        assert_eq!(shared, PARTS - 3, "only what changed is copied");
    }
}
