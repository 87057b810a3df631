//! Reading, writing and seeking.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::File;
use super::state::{Attempt, Inner, State};
use crate::driver::mounts::Place;
use crate::driver::nowait::{self, Refusal};
use crate::driver::op::Op;
use crate::fs::cached::About;
use crate::fs::raw::{self, Source};
use crate::fs::run;
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use crate::util::budget::poll_proceed;

/// Writes to a file that lives in memory are made at once up to this size.
const AT_ONCE: usize = 64 * 1024;

/// Reads of more are not made at once: copying takes longer than handing over to another thread.
const READ_AT_ONCE: usize = 512 * 1024;

impl File {
    /// The file apart, for a call that has it alone.
    fn parts(&mut self) -> (&Arc<StdFile>, &mut Inner, bool, usize) {
        let shared = self.is_shared();
        (&self.std, self.inner.get_mut(), shared, self.max_buf_size)
    }

    /// What to try for the next calls, after the file system refused to read or write from its
    /// cache only.
    fn without_cache(&self) -> Attempt {
        match self.about() {
            Some(About { facts, place }) if place == Place::Memory && facts.is_regular() => {
                Attempt::Memory
            }
            _ => Attempt::Never,
        }
    }

    /// Reads what is there without waiting; `Ok(false)` if it has to be waited for.
    fn read_at_once(&mut self, into: &mut ReadBuf<'_>) -> io::Result<bool> {
        loop {
            let (std, inner, shared, max) = self.parts();
            let source = match inner.reads {
                Attempt::Never => return Ok(false),
                _ if shared => return Ok(false),
                Attempt::Cache => Source::Cache,
                Attempt::Memory => Source::Memory,
            };
            match raw::read_to_buf(std, source, into, max.min(READ_AT_ONCE)) {
                Ok(_) => return Ok(true),
                Err(Refusal::Waits) => return Ok(false),
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Unsupported) => {
                    let next = match source {
                        Source::Cache => self.without_cache(),
                        Source::Memory => Attempt::Never,
                    };
                    self.inner.get_mut().reads = next;
                }
            }
        }
    }

    /// Writes what needs no waiting; `None` if all has to wait.
    fn write_at_once(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        loop {
            let (std, inner, shared, _) = self.parts();
            let result = match inner.writes {
                Attempt::Never => return Ok(None),
                _ if shared => return Ok(None),
                Attempt::Cache => nowait::write(std, bytes),
                Attempt::Memory => {
                    let bytes = &bytes[..bytes.len().min(AT_ONCE)];
                    match io::Write::write(&mut &**std, bytes) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        result => return result.map(Some),
                    }
                }
            };
            match result {
                Ok(count) => return Ok(Some(count)),
                Err(Refusal::Waits) => return Ok(None),
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Unsupported) => {
                    let next = self.without_cache();
                    self.inner.get_mut().writes = next;
                }
            }
        }
    }

    /// Moves the position, at once where that waits for nothing.
    fn seek_to(&mut self, position: SeekFrom) {
        let at_once = !self.is_shared()
            && self.about().is_some_and(|about| {
                // The end of a file on a network file system is where its server says.
                about.facts.is_regular()
                    && (about.is_local() || !matches!(position, SeekFrom::End(_)))
            });
        let std = &self.std;
        let state = if at_once {
            State::Sought((&**std).seek(position))
        } else {
            let std = std.clone();
            State::Seeking(run::start_blocking(move || (&*std).seek(position)))
        };
        self.inner.get_mut().state = state;
    }

    /// Writes the bytes in `slices`, `len` of them, or takes them into the background; how many.
    fn poll_write_slices<'a>(
        &mut self,
        cx: &mut Context<'_>,
        len: usize,
        slices: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Poll<io::Result<usize>> {
        let coop = ready!(poll_proceed(cx));
        loop {
            let inner = self.inner.get_mut();
            ready!(inner.poll_idle(cx));
            if let Some(error) = inner.write_error.take() {
                coop.made_progress();
                return Poll::Ready(Err(error));
            }
            if !self.is_ahead_of_a_reader() {
                break;
            }
            // The write goes to where the reader is, not to where it read ahead.
            let ahead = self.inner.get_mut().forget_ahead() as i64;
            self.seek_to(SeekFrom::Current(-ahead));
        }
        coop.made_progress();
        run::check()?;
        let len = len.min(self.max_buf_size);
        let first = slices.clone().find(|slice| !slice.is_empty());
        // Slices are written together, as a buffer takes them.
        match first.and_then(|first| first.get(..len)) {
            Some(alone) => {
                if let Some(count) = self.write_at_once(alone)? {
                    return Poll::Ready(Ok(count));
                }
            }
            None if len == 0 => return Poll::Ready(Ok(0)),
            None => {}
        }
        self.write_in_background(len, slices);
        Poll::Ready(Ok(len))
    }

    /// Whether the position is behind bytes that were read and not asked for. What cannot seek has
    /// no position, and keeps its bytes.
    fn is_ahead_of_a_reader(&mut self) -> bool {
        self.inner.get_mut().ahead() > 0
            && self.about().is_none_or(|about| about.facts.is_regular())
    }

    fn write_in_background<'a>(&mut self, len: usize, slices: impl Iterator<Item = &'a [u8]>) {
        let regular = self.about().is_some_and(|about| about.facts.is_regular());
        let fd = self.std.clone();
        let inner = self.inner.get_mut();
        let mut buffer = inner.empty_buffer(len);
        for slice in slices {
            let left = len - buffer.len();
            buffer.extend_from_slice(&slice[..slice.len().min(left)]);
        }
        let op = Op::Write {
            fd,
            regular,
            buffer: buffer.into(),
            at: 0,
            max: len,
            offset: None,
            all: true,
        };
        inner.state = State::Writing(run::submit_now(op));
    }
}

impl AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        dst: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let coop = ready!(poll_proceed(cx));
        loop {
            let inner = me.inner.get_mut();
            match inner.state {
                State::Idle if inner.ahead() > 0 || dst.remaining() == 0 => {
                    inner.take_into(dst);
                    break;
                }
                State::Idle => {
                    run::check()?;
                    if me.read_at_once(dst)? {
                        break;
                    }
                    let (std, inner, _, max) = me.parts();
                    let max = dst.remaining().min(max);
                    inner.state = State::Reading(run::submit(Op::Read {
                        fd: std.clone(),
                        buffer: inner.empty_buffer(max).into(),
                        at: 0,
                        max,
                        offset: None,
                    }));
                }
                State::Reading(_) => {
                    if ready!(inner.poll_read(cx))? == 0 {
                        break;
                    }
                }
                State::Writing(_) | State::Other(_) | State::Seeking(_) | State::Sought(_) => {
                    ready!(inner.poll_idle(cx));
                }
            }
        }
        coop.made_progress();
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let me = self.get_mut();
        let inner = me.inner.get_mut();
        if !matches!(inner.state, State::Idle) {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        }
        run::check()?;
        let position = inner.correct(position);
        me.seek_to(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let coop = ready!(poll_proceed(cx));
        let inner = self.get_mut().inner.get_mut();
        let result = match inner.state {
            State::Seeking(_) | State::Sought(_) => ready!(inner.poll_seek(cx)),
            State::Idle | State::Reading(_) | State::Writing(_) | State::Other(_) => {
                ready!(inner.poll_idle(cx));
                Ok(inner.position)
            }
        };
        coop.made_progress();
        Poll::Ready(result)
    }
}

impl AsyncWrite for File {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        src: &[u8],
    ) -> Poll<io::Result<usize>> {
        let slices = std::iter::once(src);
        self.get_mut().poll_write_slices(cx, src.len(), slices)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = bufs
            .iter()
            .fold(0_usize, |len, slice| len.saturating_add(slice.len()));
        let slices = bufs.iter().map(|slice| &**slice);
        self.get_mut().poll_write_slices(cx, len, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let coop = ready!(poll_proceed(cx));
        let inner = self.get_mut().inner.get_mut();
        if let Some(error) = inner.write_error.take() {
            coop.made_progress();
            return Poll::Ready(Err(error));
        }
        let result = ready!(inner.poll_write(cx));
        coop.made_progress();
        Poll::Ready(result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
