//! [`Numbers`]: a map from numbers to numbers.
//!
//! It is the only map of this folder, and its methods are not to be inlined, so that a program has the
//! code of one map, once.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<u64, u64, BuildHasherDefault<Mixed>>);

/// Hashes by one multiplication. The keys are ids of tasks and addresses, which no one chooses so that
/// they collide.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Numbers {
    #[inline(never)]
    pub(super) fn insert(&mut self, key: u64, value: u64) {
        self.0.insert(key, value);
    }

    #[inline(never)]
    pub(super) fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key).copied()
    }

    #[inline(never)]
    pub(super) fn remove(&mut self, key: u64) -> Option<u64> {
        self.0.remove(&key)
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, number: u64) {
        let product = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The map looks at the highest and at the lowest bits, of which a product mixes the former.
        self.0 = product ^ (product >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::{Mixed, Numbers};
    use std::collections::HashSet;
    use std::hash::Hasher;

    #[test]
    fn holds_what_was_inserted_last() {
        let mut numbers = Numbers::default();
        for key in 0..1000 {
            numbers.insert(key * 64, key);
            numbers.insert(key * 64, key + 1);
        }
        assert_eq!(numbers.get(64), Some(2));
        assert_eq!(numbers.get(65), None);
        assert_eq!(numbers.remove(64), Some(2));
        assert_eq!(numbers.remove(64), None);
        assert_eq!(numbers.get(999 * 64), Some(1000));
    }

    /// Ids are consecutive, and addresses are multiples.
    #[test]
    fn numbers_of_a_series_differ_in_the_lowest_bits_of_their_hashes() {
        for step in [1, 8, 24, 64, 4096] {
            let hash = |number: u64| {
                let mut hasher = Mixed::default();
                hasher.write_u64(number * step);
                hasher.finish()
            };
            let lowest: HashSet<u64> = (1..=1024).map(|number| hash(number) & 0xfff).collect();
            // By chance, 1024 of 4096 places would be 906.
            assert!(lowest.len() > 750, "{step}: {}", lowest.len());
        }
    }
}
