//! `Attempts`: the future of every operation that is a system call on a socket, repeated until it
//! does not block.
//!
//! While it waits, the socket holds nothing of it but a waker, and the kernel nothing at all. So it
//! can end at any time, and what it would have received stays in the socket.
#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::socket::Socket;
use crate::completion::operation::sealed::Cause;
use crate::driver::readiness::{ReadyEvent, Verdict, Waiting};
use crate::io::Interest;
use crate::util::budget::poll_proceed;

/// A system call that can be tried again.
pub(super) trait Call {
    /// What it has found out.
    type Done;

    /// What the operation returns.
    type Output;

    /// What it waits for.
    const INTEREST: Interest;

    /// What it does, as a verb with its object.
    const NAME: &'static str;

    /// Returns the result if there is nothing left to do.
    fn finished(&self) -> Option<Self::Done>;

    /// Returns whether the call is to be made before the socket is waited for, because it takes what
    /// receives bring, or begins one.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be watched.
    fn receives(&self, _socket: &Socket) -> io::Result<bool> {
        Ok(false)
    }

    /// Makes the call. Returns nothing if it made progress and has to be made again.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if it is to wait.
    fn attempt(&mut self, socket: &Socket, event: ReadyEvent) -> io::Result<Option<Self::Done>>;

    /// Returns the result, and what the operation owned.
    fn end(self, result: io::Result<Self::Done>) -> Self::Output;
}

pin_project! {
    /// A call, and the wait for the next attempt.
    pub(super) struct Attempts<C> {
        // `None` once the operation has completed: it does not keep the socket.
        #[pin]
        waiting: Option<Waiting<Socket>>,
        // As above.
        call: Option<C>,
        // Why it is to end.
        cause: Option<Cause>,
    }
}

impl<C: Call> Attempts<C> {
    pub(super) fn new(socket: &Arc<Socket>, call: C) -> Attempts<C> {
        Attempts {
            waiting: Some(Waiting::new(socket.clone(), C::INTEREST)),
            call: Some(call),
            cause: None,
        }
    }

    /// Asks for the end of the operation.
    pub(super) fn cancel(self: Pin<&mut Self>, cause: Cause) {
        self.project().cause.get_or_insert(cause);
    }

    /// Polls for what the operation returns.
    ///
    /// # Panics
    ///
    /// Panics if it was ready before.
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        let (Some(waiting), Some(mut call)) =
            (this.waiting.as_mut().as_pin_mut(), this.call.take())
        else {
            panic!("an operation on a socket was polled after it had completed");
        };
        match poll_result(waiting, &mut call, *this.cause, cx) {
            Poll::Ready(result) => {
                this.waiting.set(None);
                Poll::Ready(call.end(result))
            }
            Poll::Pending => {
                *this.call = Some(call);
                Poll::Pending
            }
        }
    }
}

fn poll_result<C: Call>(
    mut waiting: Pin<&mut Waiting<Socket>>,
    call: &mut C,
    cause: Option<Cause>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<C::Done>> {
    if let Some(cause) = cause {
        return Poll::Ready(Err(cause.io_error(C::NAME)));
    }
    loop {
        if let Some(done) = call.finished() {
            return Poll::Ready(Ok(done));
        }
        let receives = call.receives(waiting.value())?;
        let event = if receives {
            waiting.value().event(C::INTEREST)?
        } else {
            ready!(waiting.as_mut().poll(cx))?
        };
        let socket = waiting.value();
        if socket.is_closed() {
            return Poll::Ready(Err(Socket::closed_error()));
        }
        if event.ready.is_empty() && !receives {
            // Another operation was faster.
            continue;
        }
        let unit = ready!(poll_proceed(cx));
        let result = match call.attempt(socket, event) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if receives {
                    ready!(waiting.as_mut().poll(cx))?;
                } else {
                    socket.disprove(event, Verdict::Kernel);
                }
                continue;
            }
            // What the call met is the end of its own socket.
            Err(_) if socket.is_closed() => Some(Err(Socket::closed_error())),
            result => result.transpose(),
        };
        unit.made_progress();
        if let Some(result) = result {
            return Poll::Ready(result);
        }
    }
}
