//! The wheel against an ordered map, and cases that random operations rarely reach.
#![forbid(unsafe_code)]

use super::{Key, NEVER, Wheel};
use std::collections::{BTreeMap, HashMap};

/// A small generator, so that a failing seed can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Returns a distance of any magnitude: every level of the wheel, and beyond.
    fn distance(&mut self) -> u64 {
        let bits = self.below(50);
        self.next() & ((1 << bits) - 1)
    }
}

/// The oracle: deadlines in order, equal ones in the order in which they were scheduled.
#[derive(Default)]
struct Oracle {
    elapsed: u64,
    sequence: u64,
    order: BTreeMap<(u64, u64), Key>,
    scheduled: HashMap<u32, (u64, u64)>,
}

impl Oracle {
    fn schedule(&mut self, key: Key, when: u64) {
        self.cancel(key);
        self.sequence += 1;
        let place = (when.max(self.elapsed), self.sequence);
        self.order.insert(place, key);
        self.scheduled.insert(key.index(), place);
    }

    fn cancel(&mut self, key: Key) {
        if let Some(place) = self.scheduled.remove(&key.index()) {
            self.order.remove(&place);
        }
    }

    fn pop_expired(&mut self, now: u64) -> Option<Key> {
        match self.order.first_key_value() {
            Some((&place, &key)) if place.0 <= now => {
                self.elapsed = self.elapsed.max(place.0);
                self.cancel(key);
                Some(key)
            }
            _ => {
                self.elapsed = self.elapsed.max(now);
                None
            }
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        let (&(when, _), _) = self.order.first_key_value()?;
        (when < NEVER).then_some(when)
    }
}

fn run(seed: u64, steps: u32) {
    let mut random = Random(seed);
    let (mut wheel, mut oracle) = (Wheel::new(), Oracle::default());
    let mut keys: Vec<Key> = Vec::new();
    let mut now = 0;
    for step in 0..steps {
        match random.below(10) {
            0..=3 => {
                let when = now + random.distance();
                let key = wheel.insert(when, None);
                oracle.schedule(key, when);
                keys.push(key);
            }
            4..=5 if !keys.is_empty() => {
                let key = keys[random.below(keys.len() as u64) as usize];
                let when = (now + random.distance()).saturating_sub(random.below(100));
                wheel.schedule(key, when);
                oracle.schedule(key, when);
            }
            6 if !keys.is_empty() => {
                let at = random.below(keys.len() as u64) as usize;
                let key = keys.swap_remove(at);
                wheel.remove(key);
                oracle.cancel(key);
            }
            _ => {
                now += match random.below(3) {
                    0 => random.distance(),
                    1 => random.below(70),
                    _ => oracle
                        .next_deadline()
                        .map_or(0, |next| next.saturating_sub(now)),
                };
                // Sometimes not all that is due is taken at once.
                let limit = random.below(8);
                for _ in 0..limit {
                    let expected = oracle.pop_expired(now);
                    assert_eq!(wheel.pop_expired(now), expected, "seed {seed}, step {step}");
                    if expected.is_none() {
                        assert_eq!(wheel.elapsed(), now);
                        break;
                    }
                }
            }
        }
        assert_eq!(wheel.len(), keys.len());
        let (bound, exact) = (wheel.next_deadline(), oracle.next_deadline());
        assert_eq!(bound.is_some(), exact.is_some(), "seed {seed}, step {step}");
        if let (Some(bound), Some(exact)) = (bound, exact) {
            assert!(
                bound <= exact,
                "seed {seed}, step {step}: {bound} > {exact}"
            );
        }
    }
}

#[test]
fn behaves_like_an_ordered_map() {
    for seed in 1..=200 {
        run(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed), 2_000);
    }
}

/// A waiter that sleeps until `next_deadline` each time must not be woken for nothing.
#[test]
fn the_next_deadline_is_exact_while_no_entry_leaves() {
    let mut random = Random(7);
    for _ in 0..200 {
        let mut wheel = Wheel::new();
        let mut expected: Vec<u64> = Vec::new();
        for _ in 0..100 {
            let when = 1 + random.distance();
            wheel.insert(when, None);
            expected.push(when);
        }
        expected.sort_unstable();
        let mut expected = expected.into_iter();
        while let Some(next) = wheel.next_deadline() {
            assert_eq!(expected.next(), Some(next));
            if next > wheel.elapsed() {
                assert_eq!(wheel.pop_expired(next - 1), None, "nothing fires early");
            }
            assert!(wheel.pop_expired(next).is_some(), "nothing fires late");
        }
        assert_eq!(expected.next(), None);
    }
}

/// However stale the bound is, each call to the wheel tightens it.
#[test]
fn a_stale_bound_does_not_keep_a_waiter_awake() {
    let mut wheel = Wheel::new();
    wheel.insert(7_000, None);
    let early = wheel.insert(5_000, None);
    wheel.remove(early);
    let mut looks = 0;
    while let Some(next) = wheel.next_deadline() {
        looks += 1;
        if wheel.pop_expired(next).is_some() {
            break;
        }
    }
    assert_eq!(wheel.elapsed(), 7_000);
    assert!(looks <= 3, "{looks} looks");
}

#[test]
fn keys_of_removed_entries_are_harmless() {
    let mut wheel = Wheel::new();
    let gone = wheel.insert(2, None);
    wheel.remove(gone);
    let other = wheel.insert(5, None);
    assert_eq!(other.index(), gone.index());
    wheel.schedule(gone, 1);
    wheel.cancel(gone);
    wheel.remove(gone);
    assert_eq!(wheel.pop_expired(4), None);
    assert_eq!(wheel.pop_expired(5), Some(other));
}

#[test]
fn deadlines_far_away_and_at_the_end_of_time() {
    let mut wheel = Wheel::new();
    let epoch = 1_u64 << 42;
    let whens = [epoch - 1, epoch, epoch + 1, 3 * epoch + 5, NEVER - 1];
    let keys = whens.map(|when| wheel.insert(when, None));
    let never = wheel.insert(NEVER, None);
    for (key, when) in keys.into_iter().zip(whens) {
        assert_eq!(wheel.next_deadline(), Some(when));
        assert_eq!(wheel.pop_expired(when - 1), None);
        assert_eq!(wheel.pop_expired(when), Some(key));
    }
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(wheel.pop_expired(u64::MAX), Some(never));
}

#[test]
fn the_memory_of_a_peak_is_given_back() {
    const PEAK: usize = 10_000;
    let mut wheel = Wheel::new();
    let mut keys: Vec<_> = (0..PEAK).map(|_| wheel.insert(NEVER, None)).collect();
    // The last entries go first, so that the others can stay.
    for key in keys.drain(100..).rev() {
        wheel.remove(key);
    }
    assert!(wheel.entries.capacity() < PEAK / 2);
    for (when, key) in keys.iter().enumerate() {
        wheel.schedule(*key, 1 + when as u64);
    }
    keys.extend((0..PEAK).map(|_| wheel.insert(NEVER, None)));
    for key in &keys[..100] {
        assert_eq!(wheel.pop_expired(200), Some(*key));
    }
    for key in keys {
        wheel.remove(key);
    }
    assert_eq!(wheel.entries.capacity(), 0);
}
