//! Stands in for the registers of an architecture that is not known: no stack is taken there.
#![forbid(unsafe_code)]

/// The name of the architecture, if stacks can be taken on it.
pub(super) const ARCHITECTURE: Option<&str> = None;

/// No registers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Registers;

impl Registers {
    /// Copies nothing.
    pub(super) fn of(_: &libc::ucontext_t) -> Registers {
        Registers
    }

    /// Returns zero.
    pub(super) fn sp(&self) -> usize {
        0
    }

    /// Returns nothing.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        std::iter::empty()
    }
}
