//! Stands in for `linux` on other systems and architectures, where no stack can be taken.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::captured::{Captured, NoStack};
use crate::record::ThreadOf;

/// No registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registers;

impl Registers {
    /// Returns zero.
    pub(super) fn sp(&self) -> usize {
        0
    }

    /// Returns nothing.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        std::iter::empty()
    }
}

/// Returns an error.
///
/// # Errors
///
/// Returns `NoStack::Architecture`.
pub(crate) fn capture(_: &ThreadOf, _: Duration) -> Result<Captured, NoStack> {
    Err(NoStack::Architecture)
}
