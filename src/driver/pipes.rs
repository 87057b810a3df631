//! [`Pipes`]: the pipes through which copies move bytes inside the kernel.
//!
//! A copy borrows a pipe while it moves bulk data, and returns it as soon as the pipe is empty and
//! the source has nothing more: a connection at rest holds none. One that waits for a slow reader
//! keeps its pipe, since there are bytes in it. So the number of pipes is bounded. A copy that gets
//! none goes through memory.
//!
//! All runtimes of a process share the pipes, because the kernel counts pipes and descriptors by
//! user and by process. The last runtime closes them.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use super::splice;
use crate::loom::unmodeled::sync::{Mutex, OnceLock};
use crate::stream::{PipeBuf, PipeEnds, PipeHome};

/// The capacity that a pipe should have, in bytes. The kernel counts pages, of which a small packet
/// takes one as well, so that this is not the number of bytes it holds.
const CAPACITY: i32 = 256 * 1024;

/// The least capacity that is worth it: what pipes have from the start. A user whose pipes have
/// more than `pipe-user-pages-soft` pages (pipe(7)) gets less.
const LEAST_CAPACITY: i32 = 64 * 1024;

/// The most pipes at a time: 64 of 64 pages are a quarter of what pipe(7) grants a user.
const MOST: usize = 64;

/// At most one descriptor in this many is the end of a pipe of ours.
const SHARE: u64 = 32;

/// The most pipes that are kept while none is in use.
const KEPT: usize = 16;

static SHARED: Mutex<Weak<Pipes>> = Mutex::new(Weak::new());

/// A bounded set of pipes.
#[derive(Debug)]
pub(crate) struct Pipes {
    state: Mutex<KeptPipes>,
    /// The most pipes at a time.
    most: usize,
}

#[derive(Debug, Default)]
struct KeptPipes {
    /// Empty pipes.
    idle: Vec<PipeEnds>,
    /// How many pipes are borrowed.
    borrowed: usize,
}

/// The pipes as one runtime uses them.
#[derive(Debug)]
pub(crate) struct PipeUse {
    /// The pipes of the process, once a copy has asked for one.
    pipes: OnceLock<Arc<Pipes>>,
    /// How many bytes the runtime's copies moved out of pipes. Any thread that copies adds to it.
    moved: AtomicU64,
}

impl PipeUse {
    pub(crate) fn new() -> PipeUse {
        PipeUse {
            pipes: OnceLock::new(),
            moved: AtomicU64::new(0),
        }
    }

    /// Puts a pipe into `buffer`, which has none; returns whether there was one to be lent.
    pub(crate) fn lend(&self, buffer: &mut PipeBuf) -> bool {
        let pipes = self.pipes.get_or_init(of_process);
        match pipes.take() {
            Some(ends) => {
                buffer.set_pipe(ends, pipes.clone());
                true
            }
            None => false,
        }
    }

    /// Counts bytes that reached their sink.
    pub(crate) fn count(&self, moved: usize) {
        self.moved.fetch_add(moved as u64, Ordering::Relaxed);
    }

    /// Returns how many bytes were counted.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

/// Returns the pipes of the process.
fn of_process() -> Arc<Pipes> {
    let mut shared = SHARED.lock();
    let pipes = shared.upgrade().unwrap_or_else(|| {
        let share = splice::max_descriptors() / (2 * SHARE);
        Arc::new(Pipes::new(usize::try_from(share).unwrap_or(MOST).min(MOST)))
    });
    *shared = Arc::downgrade(&pipes);
    pipes
}

impl Pipes {
    fn new(most: usize) -> Pipes {
        Pipes {
            state: Mutex::new(KeptPipes::default()),
            most,
        }
    }

    /// Takes an empty pipe, unless too many are in use or the kernel refuses to make one.
    fn take(&self) -> Option<PipeEnds> {
        {
            let mut state = self.state.lock();
            if let Some(ends) = state.idle.pop() {
                state.borrowed += 1;
                return Some(ends);
            }
            if state.borrowed >= self.most {
                return None;
            }
            state.borrowed += 1;
        }
        // Descriptors may have run out, which is for the program's own calls to report.
        let made = make().ok().flatten();
        if made.is_none() {
            self.state.lock().borrowed -= 1;
        }
        made
    }
}

impl PipeHome for Pipes {
    fn take_back(&self, ends: Option<PipeEnds>) {
        let mut state = self.state.lock();
        state.borrowed -= 1;
        let too_many = match ends {
            Some(ends) if state.idle.len() < KEPT => {
                state.idle.push(ends);
                None
            }
            other => other,
        };
        drop(state);
        // Closed without the lock.
        drop(too_many);
    }
}

/// Makes a pipe; `None` if it would be too small.
fn make() -> io::Result<Option<PipeEnds>> {
    let (reader, writer) = splice::pipe()?;
    if splice::set_capacity(writer.as_fd(), CAPACITY)? < LEAST_CAPACITY {
        return Ok(None);
    }
    let reader = File::from(reader);
    Ok(Some(PipeEnds { reader, writer }))
}

#[cfg(test)]
mod tests {
    use super::{KEPT, PipeHome, Pipes};

    #[test]
    fn no_more_are_lent_than_there_may_be() {
        let pipes = Pipes::new(3);
        let mut lent: Vec<_> = (0..3).map(|_| pipes.take().unwrap()).collect();
        assert!(pipes.take().is_none());
        pipes.take_back(lent.pop());
        lent.push(pipes.take().unwrap());
        assert!(pipes.take().is_none());
        // One that was closed makes room as well.
        drop(lent.pop());
        pipes.take_back(None);
        assert!(pipes.take().is_some());
    }

    #[test]
    fn few_are_kept() {
        let pipes = Pipes::new(2 * KEPT);
        let lent: Vec<_> = (0..2 * KEPT).map(|_| pipes.take().unwrap()).collect();
        for ends in lent {
            pipes.take_back(Some(ends));
        }
        let state = pipes.state.lock();
        assert_eq!((state.idle.len(), state.borrowed), (KEPT, 0));
    }

    #[test]
    fn a_process_that_may_have_few_descriptors_has_none_to_spare() {
        assert!(Pipes::new(0).take().is_none());
    }
}
