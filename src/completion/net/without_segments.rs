//! On this system the kernel neither divides nor joins datagrams, and each message takes a call.

use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{iovec, msghdr};

use super::raw::{Message, check};
use crate::completion::IoBuf;

/// Room for a few control messages, aligned as their headers are.
#[repr(C)]
pub(super) union Control {
    header: libc::cmsghdr,
    bytes: [u8; 64],
}

impl Control {
    pub(super) fn new() -> Control {
        Control { bytes: [0; 64] }
    }
}

/// Returns `None`: datagrams are not joined.
///
/// # Safety
///
/// None is needed.
pub(super) unsafe fn segment_of(_message: &msghdr) -> Option<usize> {
    None
}

/// Sends several messages, one after the other; returns how many were sent, at least one. A message
/// that the kernel would have to divide is refused, and the caller sends its datagrams one by one.
pub(super) fn send_many<B: IoBuf>(
    fd: BorrowedFd<'_>,
    buffers: &[&B],
    messages: &[Message],
) -> io::Result<usize> {
    let mut rest = buffers;
    for (sent, message) in messages.iter().enumerate() {
        let (buffers, after) = rest.split_at(message.buffers);
        rest = after;
        match send_one(fd, buffers, message) {
            Ok(()) => {}
            Err(_) if sent > 0 => return Ok(sent),
            Err(error) => return Err(error),
        }
    }
    Ok(messages.len())
}

fn send_one<B: IoBuf>(fd: BorrowedFd<'_>, buffers: &[&B], message: &Message) -> io::Result<()> {
    if message.segment.is_some() {
        return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
    }
    let parts: Vec<iovec> = buffers
        .iter()
        .map(|buffer| iovec {
            iov_base: buffer.stable_ptr().cast_mut().cast(),
            iov_len: buffer.bytes_init(),
        })
        .collect();
    // SAFETY: all fields are numbers and pointers, for which zero is a value.
    let mut header: msghdr = unsafe { zeroed() };
    if let Some(target) = &message.target {
        header.msg_name = target.as_ptr().cast_mut().cast();
        header.msg_namelen = target.len();
    }
    header.msg_iov = parts.as_ptr().cast_mut();
    header.msg_iovlen = parts.len() as _;
    // SAFETY: the header leads to an address and to parts that live across the call. The parts are
    // initialized bytes of buffers, as `IoBuf` promises, which are borrowed.
    check(unsafe { libc::sendmsg(fd.as_raw_fd(), &raw const header, libc::MSG_NOSIGNAL) }).map(drop)
}

/// Returns an error if it is to be switched on, as a kernel without `UDP_GRO` does.
pub(super) fn set_gro(_fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    match on {
        true => Err(io::Error::from_raw_os_error(libc::ENOPROTOOPT)),
        false => Ok(()),
    }
}
