//! The macros that poll several futures in one task, and what their expansions refer to.
//!
//! The macros are at the crate's root, where `#[macro_export]` puts them. [`support`] is public
//! only because an expansion in another crate has to reach it.
#![forbid(unsafe_code)]

mod chain;
mod join;
mod maybe_done;
mod pin;
mod rotate;
#[cfg(feature = "select")]
mod select;
#[doc(hidden)]
pub mod support;
mod try_join;
mod try_maybe_done;
