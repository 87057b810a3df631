//! `Receiving`: receives into the buffers of a ring, one after the other.
//!
//! It waits for the socket first and takes a buffer then, so that it holds none while nothing has
//! come. What it has not received stays in the socket. So it can be dropped, or left unpolled, at any
//! time.
#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::socket::Socket;
use crate::completion::buffer_ring::{BufferRing, Supply, Taken};
use crate::completion::raw::{Fill, Held};
use crate::completion::received_buf::ReceivedBuf;
use crate::driver::readiness::{Ending, ReadyEvent, Verdict, Waiting};
use crate::io::Interest;
use crate::util::budget::poll_proceed;

/// Memory of a ring that a system call fills.
pub(super) type Room = Held<Fill<Box<[u8]>>>;

/// The state between two receives.
pub(super) struct Receiving {
    /// Where it waits for the socket; `None` once it has ended.
    waiting: Option<Pin<Box<Waiting<Socket>>>>,
    supply: Supply,
    /// Where it waits for the socket to be closed, while it waits for a buffer.
    closing: Option<Pin<Box<Ending<Socket>>>>,
}

impl Receiving {
    pub(super) fn new(socket: &Arc<Socket>, ring: &BufferRing) -> Receiving {
        let waiting = Waiting::new(socket.clone(), Interest::READABLE);
        Receiving {
            waiting: Some(Box::pin(waiting)),
            supply: ring.supply(),
            closing: None,
        }
    }

    /// Sets how many buffers may be in use.
    ///
    /// # Panics
    ///
    /// Panics if it is none.
    #[track_caller]
    pub(super) fn set_limit(&mut self, buffers: usize) {
        assert!(buffers > 0, "a stream needs a buffer to receive into");
        self.supply.set_limit(buffers);
    }

    /// Lets go of the socket. There is nothing more to receive.
    pub(super) fn end(&mut self) {
        self.stop_waiting();
        self.waiting = None;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.waiting.is_none()
    }

    /// Leaves the queue for a buffer; returns whether it has waited for one.
    pub(super) fn stop_waiting(&mut self) -> bool {
        self.supply.leave();
        self.closing.take().is_some()
    }

    /// Receives by `call` into a buffer, when there is something to receive. `call` is passed the room
    /// that there is.
    ///
    /// # Errors
    ///
    /// Returns the error of `call`. If the socket was closed or its runtime has shut down, this has
    /// ended.
    pub(super) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut call: impl FnMut(&Socket, ReadyEvent, &mut Room) -> io::Result<R>,
    ) -> Poll<io::Result<(R, ReceivedBuf)>> {
        loop {
            let Some(waiting) = &mut self.waiting else {
                panic!("a receive was polled after it had ended");
            };
            let Poll::Ready(event) = poll_event(waiting.as_mut(), cx) else {
                // The buffer that it may have come to is for those who have something to receive.
                self.stop_waiting();
                return Poll::Pending;
            };
            let event = match event {
                Ok(event) => event,
                Err(error) => return self.fail(error),
            };
            let unit = ready!(poll_proceed(cx));
            let Some(mut taken) = ready!(self.poll_buffer(cx)) else {
                // It shows above how the socket has ended.
                continue;
            };
            let Some(waiting) = &self.waiting else {
                unreachable!("only an error ends it");
            };
            let socket = waiting.value();
            let mut room = Held::new(Fill(taken.detach()));
            let result = call(socket, event, &mut room);
            let len = room.done();
            taken.restore(room.end());
            match result {
                Ok(result) => {
                    unit.made_progress();
                    return Poll::Ready(Ok((result, ReceivedBuf::new(taken, len))));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    socket.disprove(event, Verdict::Kernel);
                }
                Err(_) if socket.is_closed() => return self.fail(Socket::closed_error()),
                Err(error) => {
                    unit.made_progress();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// Takes a buffer. While there is none, the task is woken by the end of the socket as well, and
    /// there will be none then.
    fn poll_buffer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        if let Poll::Ready(taken) = self.supply.poll_take(cx) {
            self.closing = None;
            return Poll::Ready(Some(taken));
        }
        let Some(waiting) = &self.waiting else {
            unreachable!("it has not ended");
        };
        let closing = self
            .closing
            .get_or_insert_with(|| Box::pin(Ending::new(waiting.shared().clone())));
        ready!(closing.as_mut().poll(cx));
        Poll::Ready(None)
    }

    fn fail<T>(&mut self, error: io::Error) -> Poll<io::Result<T>> {
        self.end();
        Poll::Ready(Err(error))
    }
}

/// Waits until there is something to receive, as far as is known.
fn poll_event(
    mut waiting: Pin<&mut Waiting<Socket>>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<ReadyEvent>> {
    loop {
        let socket = waiting.value();
        if let Some(receiver) = socket.io().receiver() {
            let event = socket.event(Interest::READABLE)?;
            if socket.is_closed() {
                return Poll::Ready(Err(Socket::closed_error()));
            }
            if socket.io().has_received(receiver, event)? {
                return Poll::Ready(Ok(event));
            }
        }
        let event = ready!(waiting.as_mut().poll(cx))?;
        let socket = waiting.value();
        if socket.is_closed() {
            return Poll::Ready(Err(Socket::closed_error()));
        }
        // Otherwise another operation was faster, or a receive has brought it.
        if !event.ready.is_empty() && socket.io().receiver().is_none() {
            return Poll::Ready(Ok(event));
        }
    }
}
