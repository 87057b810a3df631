//! [`RngSeed`], and the generators that a runtime derives from it.
//!
//! Each generator comes from the seed and a number: that of a worker, or of a call of `block_on`.
//! None comes from one that another thread uses, so that no thread's choices depend on how far
//! another one is.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use super::rng::{RNG, Rng};

/// The seed of a runtime's random choices; see
/// [`Builder::rng_seed`](crate::runtime::Builder::rng_seed).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, RngSeed};
///
/// # fn main() -> std::io::Result<()> {
/// let seed = RngSeed::from_bytes(b"from the log of the run that failed");
/// let rt = Builder::new_current_thread().rng_seed(seed).build()?;
/// # drop(rt);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RngSeed(u64);

impl RngSeed {
    /// Creates a seed from any bytes; the same bytes make the same seed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::RngSeed;
    ///
    /// let number: u64 = 42;
    /// let seed = RngSeed::from_bytes(&number.to_le_bytes());
    /// # drop(seed);
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Self {
        // FNV-1a: each byte has an effect, but that of the last ones reaches few bits.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        RngSeed(mixed(hash))
    }

    /// Returns seed number `number` of those that are derived from this one.
    pub(crate) fn nth(&self, number: u64) -> RngSeed {
        // The sequence of SplitMix64.
        let step = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        RngSeed(mixed(self.0.wrapping_add(step)))
    }

    fn generator(&self) -> Rng {
        Rng::from_seed(self.0)
    }
}

/// The generators of a runtime that has a seed.
#[derive(Debug)]
pub(crate) struct Seeds {
    of_workers: RngSeed,
    of_threads: RngSeed,
    of_drivers: RngSeed,
    /// How many threads have begun to drive the runtime, without its workers; counted by these
    /// threads.
    drives: AtomicU64,
}

impl Seeds {
    pub(crate) fn new(seed: &RngSeed) -> Seeds {
        Seeds {
            of_workers: seed.nth(0),
            of_drivers: seed.nth(1),
            of_threads: seed.nth(2),
            drives: AtomicU64::new(0),
        }
    }

    /// Returns the generator of worker number `index`, with which it looks for work.
    pub(crate) fn of_worker(&self, index: usize) -> Rng {
        self.of_workers.nth(index as u64).generator()
    }

    /// Returns the generator from which those of the threads that run worker number `index` are
    /// split, one after the other. A worker looks for work at times that no seed determines, so
    /// this is another one than its own.
    pub(crate) fn of_threads(&self, index: usize) -> Rng {
        self.of_threads.nth(index as u64).generator()
    }

    /// Returns the generator of the next thread that begins to drive the runtime.
    pub(crate) fn of_next_drive(&self) -> Rng {
        let number = self.drives.fetch_add(1, Ordering::Relaxed);
        self.of_drivers.nth(number).generator()
    }
}

impl Rng {
    /// Returns a generator that continues on its own.
    pub(crate) fn split(&mut self) -> Rng {
        Rng::from_seed(self.next())
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014), with the constants that Stafford found ("Mix13").
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Makes `rng` the thread's generator until the guard is dropped.
#[must_use]
pub(crate) fn replace(rng: Rng) -> RestoreRng {
    RestoreRng {
        // A thread whose locals are destroyed has no generator.
        former: RNG.try_with(|cell| cell.replace(Some(rng))).ok().flatten(),
    }
}

/// Restores the thread's former generator when it is dropped.
#[derive(Debug)]
pub(crate) struct RestoreRng {
    former: Option<Rng>,
}

impl Drop for RestoreRng {
    fn drop(&mut self) {
        let _ = RNG.try_with(|cell| cell.set(self.former));
    }
}

#[cfg(test)]
mod tests {
    use super::{RngSeed, Seeds, replace};
    use crate::util::rng::{Rng, below_for_thread};

    fn numbers(mut rng: Rng) -> [u32; 8] {
        std::array::from_fn(|_| rng.below(1000))
    }

    #[test]
    fn the_same_bytes_make_the_same_generators() {
        let seeds = || Seeds::new(&RngSeed::from_bytes(b"seed"));
        let (one, other) = (seeds(), seeds());
        let mut seen = Vec::new();
        for index in 0..4 {
            seen.push(numbers(one.of_worker(index)));
            assert_eq!(seen.last(), Some(&numbers(other.of_worker(index))));
            seen.push(numbers(one.of_threads(index)));
            assert_eq!(seen.last(), Some(&numbers(other.of_threads(index))));
            seen.push(numbers(one.of_next_drive()));
            assert_eq!(seen.last(), Some(&numbers(other.of_next_drive())));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 12, "each generator is another");
    }

    #[test]
    fn seeds_differ_in_each_byte() {
        let mut seen: Vec<u64> = (0..=255_u8)
            .flat_map(|byte| [vec![byte], vec![byte, 0], vec![0, byte, 1]])
            .map(|bytes| RngSeed::from_bytes(&bytes).0)
            .collect();
        seen.sort_unstable();
        seen.dedup();
        // Each of the three has a length of its own, so that no two are equal.
        assert_eq!(seen.len(), 3 * 256);
    }

    #[test]
    fn a_threads_own_generator_comes_back() {
        let draw = || std::array::from_fn::<u32, 8, _>(|_| below_for_thread(1000));
        let seeded = || replace(RngSeed::from_bytes(b"seed").generator());
        let outer = seeded();
        let first = draw();
        let inner = seeded();
        assert_eq!(draw(), first);
        drop(inner);
        assert_ne!(draw(), first);
        drop(outer);
        assert_ne!(draw(), first);
    }
}
