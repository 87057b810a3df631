//! Access for other modules to the runtime that this thread is in.
#![forbid(unsafe_code)]

use super::TryCurrentError;
use crate::scheduler::{Handle, context};

pub(crate) use crate::scheduler::context::{defer, disallow_block_in_place};

/// Calls `f` with the runtime that this thread has entered; cheaper than a handle.
///
/// # Errors
///
/// Returns an error if this thread has entered no runtime, or is ending.
#[inline]
pub(crate) fn with_current<R>(f: impl FnOnce(&Handle) -> R) -> Result<R, TryCurrentError> {
    context::with_current(f).map_err(TryCurrentError::new)
}
