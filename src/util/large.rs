//! Decides which futures are too large to be passed by value through the layers of the runtime.
//!
//! Each function on the way from `spawn` to the task's cell may have its own copy of the future on
//! the stack, above all without optimization, and a worker's stack is 2 MiB. So the function that
//! the user calls moves a large future to the heap, and only its address is passed on. The branch
//! is decided when the function is compiled: `if const { is_large::<F>() }`.
#![forbid(unsafe_code)]

use super::LARGEST_BY_VALUE;

/// Returns whether a value of type `T` is to be moved to the heap before it is passed on.
pub(crate) const fn is_large<T>() -> bool {
    size_of::<T>() > LARGEST_BY_VALUE
}
