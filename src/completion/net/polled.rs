//! Transfers of a socket's bytes with borrowed buffers, for the I/O traits. `watched/stream.rs` has
//! the reasons why a short transfer saves a system call.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use super::socket::Socket;
use crate::driver::readiness::{Direction, Verdict};
use crate::io::ReadBuf;
use crate::watched::stream::{first, recv};
use crate::watched::{Receive, is_short};

impl Socket {
    /// Reads into the unfilled part of `buf`. The last caller is woken.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(receiver) = self.io().receiver() {
            return self.io().poll_receive(cx, receiver, buf);
        }
        let registration = self.io().registration();
        registration.poll_io(cx, Direction::Read, |event| {
            let room = buf.remaining();
            let count = recv(self.fd(), buf, Receive::Take)?;
            if self.short_read_drains(event) && is_short(count, room) {
                self.disprove(event, Verdict::Closure);
            }
            Ok(())
        })
    }

    /// Writes from several buffers. The last caller is woken.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bufs = first(bufs);
        let registration = self.io().registration();
        registration.poll_io(cx, Direction::Write, |event| {
            let (count, len) = match bufs {
                [buf] => {
                    let sent = self.options().send_with_flags(buf, libc::MSG_NOSIGNAL)?;
                    (sent, buf.len())
                }
                bufs => {
                    let options = self.options();
                    let sent = options.send_vectored_with_flags(bufs, libc::MSG_NOSIGNAL)?;
                    (sent, bufs.iter().map(|buf| buf.len()).sum())
                }
            };
            if is_short(count, len) {
                self.disprove(event, Verdict::Closure);
            }
            Ok(count)
        })
    }
}
