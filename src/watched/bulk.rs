//! Bulk data of a [`Watched`]: moved between descriptors in the kernel, by way of a [`PipeBuf`].
//!
//! A read into a pipe is a mere attempt, and clears no readiness. Whether there is nothing to read
//! for now, or nothing any more, is for recv(2) or read(2) to say, since splice(2) stops for good at
//! some places that they pass: at TCP's urgent mark it returns `EAGAIN`, or 0 if the peer has closed
//! its side behind the mark (`tcp_splice_read` in net/ipv4/tcp.c). Only the ordinary read waits.
//!
//! A write out of a pipe waits by itself, as any write does. It is made while the pipe holds bytes,
//! so that `EAGAIN` means that the sink is full; the kernel has then noted that a writer waits for
//! room, because this is the same function of the protocol as for send(2).
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use super::Watched;
use crate::driver::splice::{self, Call};
use crate::stream::{Bulk, Interest, PipeBuf, Transfer};

impl<S: AsFd> Watched<S> {
    /// Returns by what means bulk data is read.
    pub(crate) fn bulk_source(&self) -> Bulk {
        self.bulk()
    }

    /// Returns by what means bulk data is written.
    pub(crate) fn bulk_sink(&self) -> Bulk {
        self.bulk()
    }

    fn bulk(&self) -> Bulk {
        if splice::suits(self.source.as_fd()) {
            Bulk::Pipe
        } else {
            Bulk::Ordinary
        }
    }

    /// Takes at most `max` bytes that receives have brought, which come before those in the socket.
    /// It is read by readiness from then on.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a receive is in flight, or the error that one has ended with.
    pub(crate) fn take_brought(&self, max: usize) -> io::Result<Vec<u8>> {
        let Some(receiver) = &self.receiver else {
            return Ok(Vec::new());
        };
        receiver.watch(&self.registration)?;
        receiver.take_at_most(max)
    }

    /// Moves at most `max` bytes into `pipe`, which is empty, without waiting.
    pub(crate) fn try_read_to_pipe(&self, pipe: &mut PipeBuf, max: usize) -> io::Result<Transfer> {
        // What was received comes first, and the ordinary read has it.
        if self.registration.event(Interest::READABLE).ready.is_empty() || !self.is_in_socket() {
            return Ok(Transfer::Later);
        }
        if !pipe.has_pipe() && !self.registration.pipes().lend(pipe) {
            return Ok(Transfer::NoPipe);
        }
        match pipe.fill_with(|end| splice::splice(self.source.as_fd(), end, max)) {
            // The end, or a place that splice(2) does not pass: see above.
            Ok(0) => Ok(Transfer::Later),
            Ok(moved) => Ok(Transfer::Moved(moved)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Transfer::Later),
            Err(error) => refused(error),
        }
    }

    /// Takes bytes from the front of `pipe`, which is not empty. The last caller is woken.
    pub(crate) fn poll_write_from_pipe(
        &self,
        cx: &mut Context<'_>,
        pipe: &mut PipeBuf,
    ) -> Poll<io::Result<Transfer>> {
        self.poll_writing(cx, |sink| {
            if !splice::ignores_sigpipe() {
                return Ok(Transfer::Refused);
            }
            match pipe.drain_with(|end, len| splice::splice(end, sink.as_fd(), len)) {
                Ok(moved) => {
                    self.registration.pipes().count(moved);
                    Ok(Transfer::Moved(moved))
                }
                Err(error) => refused(error),
            }
        })
    }
}

/// Tells a refusal of splice(2) from an error of the stream.
fn refused(error: io::Error) -> io::Result<Transfer> {
    if Call::Splice.is_refused(&error) {
        return Ok(Transfer::Refused);
    }
    Err(error)
}
