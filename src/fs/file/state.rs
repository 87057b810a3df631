//! The operation that a file has in flight.
//!
//! One read, write, seek or change of the length at a time is in flight. It belongs to the file,
//! not to the future that started it: a dropped read leaves its bytes for the next one, and a
//! dropped write continues. The next of them waits for it. Other operations on a file (syncing it,
//! asking for its metadata, setting its permissions or times) belong to their own futures.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::driver::completion::InFlight;
use crate::fs::run;
use crate::io::ReadBuf;
use crate::task::JoinHandle;

/// The buffer of a write is kept for the next operation if it is not larger. The buffer of a read,
/// whose size `max_buf_size` limits, is kept in any case.
const KEPT: usize = 256 * 1024;

#[derive(Debug)]
pub(super) enum FileState {
    Idle,
    /// With the file whose position is to be moved by what was read, if the read does not move it.
    Reading(InFlight, Option<Arc<StdFile>>),
    Writing(InFlight),
    /// An operation without bytes, whose result is lost if its future is dropped.
    Other(InFlight),
    /// A seek on a thread where it may block.
    Seeking(JoinHandle<io::Result<u64>>),
    /// A seek that is done and whose result was not fetched yet.
    Sought(io::Result<u64>),
}

/// Whether to try a call without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The page cache may have it.
    Cache,
    /// The file lives in memory.
    Memory,
    /// The file system does not offer it.
    Never,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) state: FileState,
    /// Bytes that were read ahead: the bytes of `buffer` from `taken` on. The file's position is
    /// behind them.
    buffer: Vec<u8>,
    taken: usize,
    /// The error of a write in the background.
    pub(super) write_error: Option<io::Error>,
    /// The result of the last seek.
    pub(super) position: u64,
}

impl Inner {
    pub(super) fn new() -> Inner {
        Inner {
            state: FileState::Idle,
            buffer: Vec::new(),
            taken: 0,
            write_error: None,
            position: 0,
        }
    }

    /// Returns how many bytes were read ahead of what was asked for.
    pub(super) fn ahead(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// Hands out bytes that were read ahead.
    pub(super) fn take_into(&mut self, into: &mut ReadBuf<'_>) {
        let count = self.ahead().min(into.remaining());
        into.put_slice(&self.buffer[self.taken..self.taken + count]);
        self.taken += count;
        if self.ahead() == 0 {
            self.forget_ahead();
        }
    }

    /// Drops the bytes that were read ahead; returns how many. The caller moves the position.
    pub(super) fn forget_ahead(&mut self) -> usize {
        let ahead = self.ahead();
        self.buffer.clear();
        self.taken = 0;
        ahead
    }

    /// Corrects a seek relative to the position by what was read ahead.
    pub(super) fn correct(&mut self, position: SeekFrom) -> SeekFrom {
        let ahead = self.forget_ahead() as i64;
        match position {
            SeekFrom::Current(offset) => SeekFrom::Current(offset.saturating_sub(ahead)),
            SeekFrom::Start(_) | SeekFrom::End(_) => position,
        }
    }

    /// Returns an empty buffer for `capacity` bytes; the kept one if it is free.
    pub(super) fn empty_buffer(&mut self, capacity: usize) -> Vec<u8> {
        if self.ahead() > 0 {
            return Vec::with_capacity(capacity);
        }
        self.taken = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.reserve_exact(capacity);
        buffer
    }

    fn keep(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEPT && self.ahead() == 0 {
            buffer.clear();
            self.buffer = buffer;
            self.taken = 0;
        }
    }

    /// Waits for a read and stores its bytes; returns the number of them.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let FileState::Reading(in_flight, moves) = &mut self.state else {
            return Poll::Ready(Ok(0));
        };
        let (result, buffer) = ready!(in_flight.poll(cx)).transferred();
        if let (Ok(count), Some(file)) = (&result, moves) {
            // By this much, not to an offset: if something else has come to know the file since the
            // read began, it may have moved the position as well.
            (&**file).seek(SeekFrom::Current(*count as i64))?;
        }
        self.state = FileState::Idle;
        self.buffer = buffer;
        self.taken = 0;
        Poll::Ready(run::outcome(result))
    }

    /// Waits for a write.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let FileState::Writing(in_flight) = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        let (result, buffer) = ready!(in_flight.poll(cx)).transferred();
        self.state = FileState::Idle;
        let nothing = matches!(result, Ok(0)) && !buffer.is_empty();
        self.keep(buffer);
        if nothing {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        Poll::Ready(run::outcome(result).map(drop))
    }

    /// Waits for a seek; returns the new position.
    pub(super) fn poll_seek(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let result = match &mut self.state {
            FileState::Seeking(handle) => ready!(run::poll_blocking(handle, cx)),
            FileState::Sought(_) => match std::mem::replace(&mut self.state, FileState::Idle) {
                FileState::Sought(result) => result,
                _ => unreachable!("just matched"),
            },
            _ => Ok(self.position),
        };
        self.state = FileState::Idle;
        if let Ok(position) = result {
            self.position = position;
        }
        Poll::Ready(result)
    }

    /// Waits for an operation without bytes.
    pub(super) fn poll_other(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let FileState::Other(in_flight) = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        let completed = ready!(in_flight.poll(cx));
        self.state = FileState::Idle;
        Poll::Ready(run::outcome(completed.done()))
    }

    /// Waits until nothing is in flight. The result of a write or read is kept for the call that it
    /// concerns.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.state {
            FileState::Idle => {}
            FileState::Reading(..) => {
                // An error concerns a read whose future was dropped.
                let _ = ready!(self.poll_read(cx));
            }
            FileState::Writing(_) => {
                if let Err(error) = ready!(self.poll_write(cx)) {
                    self.write_error = Some(error);
                }
            }
            FileState::Other(_) => {
                let _ = ready!(self.poll_other(cx));
            }
            FileState::Seeking(_) | FileState::Sought(_) => {
                let _ = ready!(self.poll_seek(cx));
            }
        }
        Poll::Ready(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // An accepted write happens; so does a change of the length. A read is cancelled.
        match std::mem::replace(&mut self.state, FileState::Idle) {
            FileState::Writing(in_flight) | FileState::Other(in_flight) => in_flight.detach(),
            FileState::Idle
            | FileState::Reading(..)
            | FileState::Seeking(_)
            | FileState::Sought(_) => {}
        }
    }
}
