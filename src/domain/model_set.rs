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

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
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
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }

    /// The same set where each place has become another, or is gone, and there is room for so many models.
    #[must_use]
    pub fn moved(&self, models: usize, to: &[Option<usize>]) -> Self {
        Self::of(models, self.places().filter_map(|place| to.get(place).copied().flatten()))
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
        let mut to = vec![None; 130];
        (to[1], to[129]) = (Some(70), None);
        assert_eq!(set.moved(71, &to), ModelSet::of(71, [70]));
        assert!(!set.is_empty() && ModelSet::new(130).is_empty());
        assert!(!ModelSet::default().contains(0));
    }
}
