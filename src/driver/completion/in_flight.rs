//! [`InFlight`]: the future of an operation's outcome.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Submitted;
use super::op::{Completed, Op};
use super::operation::Abandoned;
use super::uring::Ring;
use crate::util::wake::drop_waker;

/// A submitted operation.
///
/// Dropping it cancels the operation and returns at once (I8). After [`detach`](InFlight::detach)
/// the operation continues.
#[must_use]
pub(crate) struct InFlight(Submission);

enum Submission {
    Submitted {
        operation: Submitted,
        /// The ring, if the operation was submitted to it.
        ring: Option<Arc<Ring>>,
    },
    /// The driver was closed.
    Refused(Box<Op>),
    Done,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            Submission::Submitted { .. } => "submitted",
            Submission::Refused(_) => "refused",
            Submission::Done => "done",
        };
        f.debug_tuple("InFlight").field(&state).finish()
    }
}

impl InFlight {
    pub(super) fn submitted(operation: Submitted, ring: Option<Arc<Ring>>) -> InFlight {
        InFlight(Submission::Submitted { operation, ring })
    }

    pub(super) fn refused(op: Op) -> InFlight {
        InFlight(Submission::Refused(Box::new(op)))
    }

    /// Polls for the operation's outcome. A refused operation ends like a cancelled one.
    ///
    /// # Panics
    ///
    /// Panics if the outcome was fetched before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Completed> {
        if let Submission::Submitted { operation, .. } = &self.0 {
            let polled = operation.poll(cx);
            if polled.is_ready() {
                self.0 = Submission::Done;
            }
            return polled;
        }
        match std::mem::replace(&mut self.0, Submission::Done) {
            Submission::Refused(op) => Poll::Ready(op.refuse()),
            Submission::Submitted { .. } | Submission::Done => {
                panic!("an operation was polled after its outcome")
            }
        }
    }

    /// Stops waiting for the operation without cancelling it.
    pub(crate) fn detach(mut self) {
        self.abandon(false);
    }

    fn abandon(&mut self, cancel: bool) {
        let Submission::Submitted { operation, ring } =
            std::mem::replace(&mut self.0, Submission::Done)
        else {
            return;
        };
        match operation.abandon(cancel) {
            Abandoned::NeverBegun(payload) => drop(payload),
            Abandoned::Completed(completed) => drop(completed),
            Abandoned::Continues(waker) => {
                drop_waker(waker);
                if let Some(ring) = ring.filter(|_| cancel) {
                    ring.cancel(operation);
                }
            }
            Abandoned::Over => {}
        }
    }
}

impl Future for InFlight {
    type Output = Completed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Completed> {
        InFlight::poll(&mut self, cx)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.abandon(true);
    }
}
