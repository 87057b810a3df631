//! Which future of a `join!` is polled first.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

/// How a macro chooses the future it begins with: a different one each time, or the first.
pub trait RotatorSelect {
    type Rotator<const COUNT: u32>: Default;
}

/// A different future first each time.
#[derive(Debug)]
pub struct SelectNormal;

/// Always the first future first.
#[derive(Debug)]
pub struct SelectBiased;

impl RotatorSelect for SelectNormal {
    type Rotator<const COUNT: u32> = Rotator<COUNT>;
}

impl RotatorSelect for SelectBiased {
    type Rotator<const COUNT: u32> = BiasedRotator;
}

/// Counts 0, 1, … `COUNT - 1`, 0, …
#[derive(Debug, Default)]
pub struct Rotator<const COUNT: u32> {
    next: u32,
}

impl<const COUNT: u32> Rotator<COUNT> {
    /// Returns how many futures to leave for last this time.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        let skip = self.next;
        self.next = if skip + 1 < COUNT { skip + 1 } else { 0 };
        skip
    }
}

/// Always returns zero.
#[derive(Debug, Default)]
pub struct BiasedRotator {}

impl BiasedRotator {
    /// Returns how many futures to leave for last this time.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{BiasedRotator, Rotator};

    #[test]
    fn every_future_is_first_in_turn() {
        let mut rotator = Rotator::<3>::default();
        let skips: Vec<u32> = (0..7).map(|_| rotator.num_skip()).collect();
        assert_eq!(skips, [0, 1, 2, 0, 1, 2, 0]);
        let mut one = Rotator::<1>::default();
        assert_eq!([one.num_skip(), one.num_skip()], [0, 0]);
        let mut biased = BiasedRotator::default();
        assert_eq!([biased.num_skip(), biased.num_skip()], [0, 0]);
    }
}
