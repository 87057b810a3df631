//! [`Reaped`]: what a ring yields.
#![forbid(unsafe_code)]

use super::buffers::Received;

/// What came of a receive.
pub(super) struct Completion {
    pub(super) word: u64,
    /// How many bytes, or the negative number of the error.
    pub(super) result: i32,
    pub(super) received: Option<Received>,
}

/// What `Ring::reap` found.
#[derive(Default)]
pub(super) struct Reaped {
    pub(super) completions: Vec<Completion>,
    /// Whether the epoll descriptor may have events.
    pub(super) readiness: bool,
}

impl Reaped {
    pub(super) fn is_empty(&self) -> bool {
        self.completions.is_empty() && !self.readiness
    }
}
