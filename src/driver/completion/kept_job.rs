//! [`KeptJob`]: the job for one operation, as a worker has it that may perform it.
//!
//! The schedulers of every program have places for such jobs. They do not name the type of the
//! operations, whose code comes by the table of [`Perform`], and so only with what submits one: a
//! program that uses no files is smaller by that.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use super::op::Completed;
use super::operation::Operation;
use super::threads::{self, Job};
use super::{Payload, Submitted};
use crate::blocking::Pool;
use crate::blocking::pool::Kind;

/// Performs one operation, once. A job that is dropped before completes its operation as cancelled.
#[derive(Debug)]
pub(crate) struct KeptJob {
    /// `None` once a thread has it.
    operation: Option<Arc<dyn Perform>>,
}

/// What an operation does that a worker has kept.
trait Perform: fmt::Debug + Send + Sync {
    /// Makes the system call, unless the operation has begun, and calls `then` with what completes the
    /// operation.
    fn perform(&self, then: &mut dyn FnMut(&mut dyn FnMut()));

    /// Has a thread perform it.
    fn pass_on(self: Arc<Self>, pool: &Pool);

    /// Completes it as cancelled, unless it has begun.
    fn refuse(&self);
}

impl KeptJob {
    pub(super) fn new(operation: Submitted) -> KeptJob {
        KeptJob {
            operation: Some(operation),
        }
    }

    /// Makes the system call, which runs no code of the user's, and then calls `then` once. Its argument
    /// completes the operation, which wakes its task; `then` has to call it.
    pub(crate) fn perform(self, then: &mut dyn FnMut(&mut dyn FnMut())) {
        match &self.operation {
            Some(operation) => operation.perform(then),
            None => then(&mut || {}),
        }
    }

    /// Ends the job, for an operation that is performed elsewhere.
    pub(super) fn return_operation(mut self) {
        self.operation = None;
    }

    /// Has a thread perform it. If there is none, its operation ends with the reason. After a shutdown
    /// this thread performs it: what was accepted before happens.
    pub(super) fn pass_on(mut self, pool: &Pool) {
        if let Some(operation) = self.operation.take() {
            operation.pass_on(pool);
        }
    }
}

impl Drop for KeptJob {
    fn drop(&mut self) {
        if let Some(operation) = &self.operation {
            operation.refuse();
        }
    }
}

impl Perform for Operation<Payload, Completed> {
    fn perform(&self, then: &mut dyn FnMut(&mut dyn FnMut())) {
        let mut performed = threads::perform_begun(self, self.begin());
        then(&mut || {
            if let Some((counted, completed)) = performed.take() {
                threads::finish(self, counted, completed);
            }
        });
    }

    fn pass_on(self: Arc<Self>, pool: &Pool) {
        if let Err(refused) = threads::push_accepted(pool, Job::new(self), Kind::Ordinary) {
            log::debug!("zokio: an operation could not begin: {refused}");
        }
    }

    fn refuse(&self) {
        threads::refuse(self, self.begin());
    }
}
