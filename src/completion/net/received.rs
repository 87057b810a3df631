//! What the receives of a stream bring, where these are completions (`driver/sockets`), goes into
//! owned buffers here.
#![forbid(unsafe_code)]

use std::io;

use super::raw;
use super::socket::Socket;
use crate::completion::raw::{Held, Lend};
use crate::driver::readiness::ReadyEvent;
use crate::driver::sockets::Receiver;

impl Socket {
    /// Receives into the rest of a buffer; returns how many bytes came. `event` was seen before
    /// anything else was looked at.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if there is nothing to receive; there will be an event. Otherwise returns
    /// the error of the receive.
    pub(super) fn receive<L: Lend>(
        &self,
        receiver: &Receiver,
        event: ReadyEvent,
        held: &mut Held<L>,
    ) -> io::Result<usize> {
        let mut first = true;
        raw::fill(held, |buf| {
            if first {
                first = false;
                return match self.io().try_receive(receiver, event, buf)? {
                    true => Ok(()),
                    false => Err(io::ErrorKind::WouldBlock.into()),
                };
            }
            self.io().receive_more(receiver, event, buf);
            Ok(())
        })
    }

    /// Copies what receives have brought, which stays; returns how many bytes that are.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a receive is in flight, or the error that one has ended with.
    pub(super) fn peek_received<L: Lend>(&self, held: &mut Held<L>) -> io::Result<usize> {
        raw::fill(held, |buf| self.io().peek_received(buf).map(drop))
    }
}
