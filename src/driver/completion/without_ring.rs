//! [`Ring`] of a system without io_uring: there is none, so threads carry out every operation. The
//! type has no values, so that the compiler leaves out what would use one.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use super::Submitted;
use crate::blocking::Pool;
use crate::blocking::pool::SpawnError;

/// A ring, as any thread uses it.
#[derive(Debug)]
pub(super) enum Ring {}

impl Ring {
    /// # Panics
    ///
    /// Always panics: no decision allows a ring here.
    pub(super) fn new(_entries: u32, _pool: Pool) -> Ring {
        unreachable!("a ring was made on a system without io_uring")
    }

    pub(super) fn submit(self: &Arc<Ring>, _operation: &Submitted) -> Result<(), SpawnError> {
        match **self {}
    }

    pub(super) fn submit_all(self: &Arc<Ring>, _operations: impl Iterator<Item = Submitted>) {
        match **self {}
    }

    pub(super) fn cancel(self: &Arc<Ring>, _operation: Submitted) {
        match **self {}
    }

    pub(super) fn registered_transfers(&self) -> u64 {
        match *self {}
    }

    pub(super) fn lost(&self) -> Option<&str> {
        match *self {}
    }

    pub(super) fn close(&self) {
        match *self {}
    }

    pub(super) fn wait_until_gone(&self, _deadline: Option<Instant>) -> bool {
        match *self {}
    }
}
