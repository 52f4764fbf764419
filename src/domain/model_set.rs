//! Sets of models, as bits: a model's place in the catalog's order is its bit.

/// A set of places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelSet {
    words: Box<[u64]>,
}

impl ModelSet {
    /// The empty set with room for so many models.
    pub fn new(models: usize) -> Self {
        Self { words: vec![0; models.div_ceil(64)].into() }
    }

    /// The set of some places; those beyond the room are left out.
    pub fn of(models: usize, places: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::new(models);
        places.into_iter().for_each(|place| set.insert(place));
        set
    }

    /// Puts a place in.
    pub fn insert(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Takes a place out.
    pub fn remove(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    /// Whether a place is in.
    pub fn contains(&self, place: usize) -> bool {
        self.words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Puts everything in that another set of the same room holds.
    pub fn insert_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes everything out that another set of the same room holds.
    pub fn remove_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// The places, in order.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate();
        words.flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_beyond_a_word_keep_their_places() {
        let mut set = ModelSet::of(130, [0, 63, 64, 129, 500]);
        assert_eq!(set.places().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(set.contains(129) && !set.contains(128) && !set.contains(10_000));
        set.remove_all(&ModelSet::of(130, [0, 64]));
        set.insert_all(&ModelSet::of(130, [1]));
        set.remove(63);
        assert_eq!(set.places().collect::<Vec<_>>(), [1, 129]);
        assert!(!ModelSet::default().contains(0));
    }
}
