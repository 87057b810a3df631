//! A transfer of bytes between a file and a buffer: the state machine behind reads and writes.
//!
//! ```text
//!         what needs no waiting is done
//!              +--------+
//!              v        |        submit
//!   new -----> held ----+-----------------------> in flight
//!             ^ |                                     |
//!             | | all is done, the end, an error      | complete
//!             | v                                     |
//!             | over: result and buffer               |
//!             +---------------------------------------+
//! ```
//!
//! While the buffer is *held*, it is in the future; *in flight*, it belongs to the operation (I1).
//! It is returned only from *held*: whatever ends a transfer, the buffer has come back before.
#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::opened::OpenFile;
use crate::blocking::pool::SpawnError;
use crate::completion::BufResult;
use crate::completion::operation::refused;
use crate::completion::operation::sealed::Cause;
use crate::completion::raw::{Held, Lend};
use crate::driver::completion::InFlight;
use crate::driver::completion::batch::Batch;
use crate::driver::completion::op::Synced;
use crate::fs::inline::calls::Refusal;
use crate::fs::run;
use crate::scheduler::Handle;
use crate::util::budget::{poll_proceed, spend_bytes};

/// When a transfer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// When one system call would have returned.
    Some,
    /// When the buffer is full, or all of it is written.
    All,
}

/// A read or a write.
pub(super) struct Transfer<L: Lend> {
    state: State<L>,
    file: Arc<OpenFile>,
    offset: u64,
    extent: Extent,
    /// What is to be on disk at the end of a write.
    synced: Option<Synced>,
    /// The runtime that it was submitted to, if it was. A later part goes to the same one, from
    /// wherever the future is polled then.
    runtime: Option<Handle>,
    /// Why it is to end.
    cause: Option<Cause>,
    /// Why there was no thread for it, if that was known at once.
    missing: Option<SpawnError>,
}

enum State<L> {
    Held(Held<L>),
    InFlight(InFlight),
    Over,
}

/// How a step of a transfer ended.
enum Step {
    /// The kernel has answered, inline.
    Inline(io::Result<usize>),
    /// The kernel has answered, and one system call would have returned.
    Answered(io::Result<usize>),
    /// Only another thread or a ring can continue.
    Submit,
    /// There is nothing to do any more.
    Ended(io::Result<usize>),
}

impl<L: Lend> Transfer<L> {
    pub(super) fn new(file: &Arc<OpenFile>, lend: L, offset: u64, extent: Extent) -> Transfer<L> {
        Transfer {
            state: State::Held(Held::new(lend)),
            file: file.clone(),
            offset,
            extent,
            synced: None,
            runtime: None,
            cause: None,
            missing: None,
        }
    }

    /// Has a write end when it is on disk.
    ///
    /// # Panics
    ///
    /// Panics if it has begun.
    #[track_caller]
    pub(super) fn sync(&mut self, synced: Synced) {
        let has_begun = match &self.state {
            State::Held(held) => held.done() > 0,
            State::InFlight(_) | State::Over => true,
        };
        assert!(
            !has_begun,
            "a write that has begun cannot be linked to a sync"
        );
        self.synced = Some(synced);
    }

    /// Asks for the end of the transfer.
    pub(super) fn cancel(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
        if let State::InFlight(in_flight) = &self.state {
            in_flight.cancel();
        }
    }

    /// Polls for the result and the buffer. What has to be submitted is submitted together with the
    /// others of `batch`, if there is one.
    ///
    /// # Panics
    ///
    /// Panics if it begins outside a runtime, or if it was ready before.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut batch: Option<&mut Batch>,
    ) -> Poll<BufResult<usize, L::Buffer>> {
        loop {
            let (step, mut held) = match std::mem::replace(&mut self.state, State::Over) {
                State::Held(mut held) => {
                    let Poll::Ready(coop) = poll_proceed(cx) else {
                        self.state = State::Held(held);
                        return Poll::Pending;
                    };
                    coop.made_progress();
                    (self.step(&mut held), held)
                }
                State::InFlight(mut in_flight) => match in_flight.poll(cx) {
                    Poll::Ready(completed) => {
                        let (result, held) = Held::back(completed);
                        (Step::Answered(result), held)
                    }
                    Poll::Pending => {
                        self.state = State::InFlight(in_flight);
                        return Poll::Pending;
                    }
                },
                State::Over => panic!("an operation on a file was polled after it had completed"),
            };
            let ended = match step {
                Step::Submit => {
                    let offset = self.position(&held);
                    let op = self.file.transfer(held, offset, self.synced);
                    let runtime = self.runtime.get_or_insert_with(run::current);
                    let in_flight;
                    (in_flight, self.missing) = match &mut batch {
                        Some(batch) => run::submit_in(runtime, op, batch),
                        None => run::submit_on(runtime, op),
                    };
                    self.state = State::InFlight(in_flight);
                    continue;
                }
                Step::Ended(result) => Some(result),
                Step::Inline(answer) => self.judge(&mut held, answer, true),
                Step::Answered(answer) => self.judge(&mut held, answer, false),
            };
            match ended {
                Some(result) => return Poll::Ready((result, held.end())),
                None => self.state = State::Held(held),
            }
        }
    }

    /// Returns the offset of the next byte.
    fn position(&self, held: &Held<L>) -> u64 {
        self.offset.saturating_add(held.done() as u64)
    }

    /// Does what needs no waiting.
    fn step(&self, held: &mut Held<L>) -> Step {
        let runs = match &self.runtime {
            Some(runtime) => run::check_on(runtime),
            None => run::check(),
        };
        if let Err(error) = runs {
            return Step::Ended(Err(error));
        }
        if let Some(cause) = self.cause {
            return Step::Ended(Err(cause.io_error(Self::name())));
        }
        if held.left() == 0 {
            return Step::Ended(Ok(held.done()));
        }
        if self.synced.is_some() {
            return Step::Submit;
        }
        match self.file.transfer_inline(held, self.position(held)) {
            Ok(count) => {
                spend_bytes(count);
                Step::Inline(Ok(count))
            }
            Err(Refusal::Waits | Refusal::Unsupported) => Step::Submit,
            Err(Refusal::Failed(error)) => Step::Inline(Err(error)),
        }
    }

    /// Returns the result if the answer of the kernel, by which bytes were transferred to or from
    /// `held`, is the last one.
    fn judge(
        &mut self,
        held: &mut Held<L>,
        answer: io::Result<usize>,
        is_inline: bool,
    ) -> Option<io::Result<usize>> {
        let all = self.extent == Extent::All;
        let count = match answer {
            Err(error) if error.raw_os_error() == Some(libc::ECANCELED) => {
                return Some(Err(refused(self.missing.take(), self.cause, Self::name())));
            }
            // A system call that has moved some bytes returns their number.
            Err(_) if !all && held.done() > 0 => return Some(Ok(held.done())),
            Err(error) => return Some(Err(error)),
            Ok(count) => count,
        };
        if held.left() == 0 {
            return Some(Ok(held.done()));
        }
        match (count, all) {
            (0, false) => Some(Ok(held.done())),
            (0, true) if L::WRITES => Some(Err(io::ErrorKind::WriteZero.into())),
            (0, true) => Some(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file ended before the buffer was full",
            ))),
            (_, true) => None,
            // What was not in memory is still to be read: one call would have waited for it.
            (_, false) if is_inline && !L::WRITES => None,
            (_, false) => Some(Ok(held.done())),
        }
    }

    /// Returns what is being done, as a verb with its object.
    fn name() -> &'static str {
        if L::WRITES {
            "write to a file"
        } else {
            "read a file"
        }
    }
}
