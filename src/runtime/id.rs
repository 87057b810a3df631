//! The id of a runtime.
#![forbid(unsafe_code)]

use std::fmt;
use std::num::NonZeroU64;

use crate::scheduler::services::Services;

/// Identifies a runtime within the process.
///
/// The id of a runtime that has ended is not used again.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let one = zokio::runtime::Builder::new_current_thread().build()?;
/// let other = zokio::runtime::Builder::new_current_thread().build()?;
/// assert_ne!(one.handle().id(), other.handle().id());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(pub(super) NonZeroU64);

impl Id {
    /// Returns an id that no runtime and no `LocalSet` has.
    pub(crate) fn next() -> Self {
        Self(Services::next_id())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
