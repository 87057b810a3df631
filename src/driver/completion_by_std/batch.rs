//! Operations that are handed to a ring at the same time: here there is none.
#![forbid(unsafe_code)]

/// Holds nothing.
#[derive(Debug, Default)]
pub(crate) struct Batch;
