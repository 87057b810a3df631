//! A small random number generator for fairness, not for secrets.
#![forbid(unsafe_code)]

use std::cell::Cell;

thread_local! {
    /// Seeded at random when it is first used, unless a runtime with a seed is driven
    /// (`rng_seed.rs`).
    pub(super) static RNG: Cell<Option<Rng>> = const { Cell::new(None) };
}

/// `xorshift64*`, as described by Marsaglia, "Xorshift RNGs" (2003), and Vigna,
/// "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// Creates a generator with this seed; the same seed produces the same numbers.
    pub(crate) const fn from_seed(seed: u64) -> Rng {
        // The state must not be zero, which the generator would never leave.
        Rng(seed ^ 0x9e37_79b9_7f4a_7c15 | 1)
    }

    /// Creates a generator seeded by the standard library's per-process random keys.
    pub(crate) fn random() -> Rng {
        use std::hash::{BuildHasher, RandomState};
        Rng::from_seed(RandomState::new().hash_one(std::thread::current().id()))
    }

    pub(super) fn next(&mut self) -> u64 {
        let mut x = self.0;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = x;
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `n`, which must not be zero; without division (Lemire, "Fast Random
    /// Integer Generation in an Interval", 2019).
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let high = self.next() >> 32;
        ((high * u64::from(n)) >> 32) as u32
    }
}

/// Returns a number below `n`, which must not be zero, from the thread's own generator.
pub(crate) fn below_for_thread(n: u32) -> u32 {
    RNG.try_with(|cell| {
        let mut rng = cell.take().unwrap_or_else(Rng::random);
        let number = rng.below(n);
        cell.set(Some(rng));
        number
    })
    .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn stays_below_and_reaches_everything() {
        let mut rng = Rng::random();
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[rng.below(7) as usize] = true;
        }
        assert_eq!(seen, [true; 7]);
    }
}
