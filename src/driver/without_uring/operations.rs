//! [`Ring`] of a system without io_uring: there is none, so threads carry out every operation. The
//! type has no values, so that the compiler leaves out what would use one.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use crate::blocking::Pool;
use crate::blocking::pool::SpawnError;
use crate::driver::completion::Submitted;

/// A ring, as any thread uses it.
#[derive(Debug)]
pub(in crate::driver) enum Ring {}

impl Ring {
    /// # Panics
    ///
    /// Always panics: no decision allows a ring here.
    pub(in crate::driver) fn new(_entries: u32, _pool: Pool) -> Ring {
        unreachable!("a ring was made on a system without io_uring")
    }

    pub(in crate::driver) fn entries(&self) -> u32 {
        match *self {}
    }

    pub(in crate::driver) fn submit(
        self: &Arc<Ring>,
        _operation: &Submitted,
    ) -> Result<(), SpawnError> {
        match **self {}
    }

    pub(in crate::driver) fn submit_all(
        self: &Arc<Ring>,
        _operations: impl Iterator<Item = Submitted>,
    ) {
        match **self {}
    }

    pub(in crate::driver) fn cancel(self: &Arc<Ring>, _operation: Submitted) {
        match **self {}
    }

    pub(in crate::driver) fn registered_transfers(&self) -> u64 {
        match *self {}
    }

    pub(in crate::driver) fn lost(&self) -> Option<&str> {
        match *self {}
    }

    pub(in crate::driver) fn close(&self) {
        match *self {}
    }

    pub(in crate::driver) fn wait_until_gone(&self, _deadline: Option<Instant>) -> bool {
        match *self {}
    }
}
