//! System calls on sockets with memory of owned buffers: the `unsafe` part of `completion::net`.

use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_int, c_void, iovec, msghdr};
use socket2::SockAddr;

use super::socket::Socket;
use crate::completion::raw::{Held, Lend};
use crate::driver::readiness::{Registered, Registration};

// SAFETY: the registration is a field of the socket, which has no way to replace it while it is
// shared.
unsafe impl Registered for Socket {
    #[inline]
    fn registration(&self) -> &Registration {
        self.io().registration()
    }
}

/// Receives into the rest of a buffer, or sends it; returns how many bytes were transferred.
///
/// A datagram that is longer than the buffer counts as what fitted.
#[inline]
pub(super) fn transfer<L: Lend>(
    held: &mut Held<L>,
    fd: BorrowedFd<'_>,
    flags: c_int,
) -> io::Result<usize> {
    let fd = fd.as_raw_fd();
    let call = |parts: &[iovec]| match parts {
        // SAFETY: `Held::transfer` shows memory that is readable, and writable for a receive.
        [part] => unsafe {
            if L::WRITES {
                let flags = flags | libc::MSG_NOSIGNAL;
                check(libc::send(fd, part.iov_base, part.iov_len, flags))
            } else {
                check(libc::recv(fd, part.iov_base, part.iov_len, flags))
            }
        },
        // SAFETY: as above, and there is no address.
        parts => unsafe { message::<L>(fd, parts, ptr::null_mut(), &mut 0, flags) },
    };
    // SAFETY: without `MSG_TRUNC`, which nothing here sets, these calls return how many bytes they
    // transferred, in order, in the direction of `L` (recv(2), send(2)).
    unsafe { held.transfer(call) }
}

/// Receives a datagram, with the address of its sender.
pub(super) fn receive_from<L: Lend>(
    held: &mut Held<L>,
    fd: BorrowedFd<'_>,
) -> io::Result<(usize, SockAddr)> {
    const { assert!(!L::WRITES) };
    // SAFETY: the kernel fills in the address and its length, if the call succeeds (recvmsg(2)).
    unsafe {
        SockAddr::try_init(|storage, len| {
            // SAFETY: as for `transfer`; `len` is valid, as `try_init` promises.
            held.transfer(|parts| message::<L>(fd.as_raw_fd(), parts, storage.cast(), &mut *len, 0))
        })
    }
}

/// Sends a datagram to an address.
pub(super) fn send_to<L: Lend>(
    held: &mut Held<L>,
    fd: BorrowedFd<'_>,
    target: &SockAddr,
) -> io::Result<usize> {
    const { assert!(L::WRITES) };
    let name = target.as_ptr().cast_mut().cast();
    let mut len = target.len();
    // SAFETY: as for `transfer`.
    unsafe { held.transfer(|parts| message::<L>(fd.as_raw_fd(), parts, name, &mut len, 0)) }
}

/// Calls recvmsg(2) or sendmsg(2).
///
/// # Safety
///
/// The parts are readable, and writable for a receive. So are the `name_len` bytes of the address,
/// unless it is null. A receive fills in the address and its length.
unsafe fn message<L: Lend>(
    fd: c_int,
    parts: &[iovec],
    name: *mut c_void,
    name_len: &mut libc::socklen_t,
    flags: c_int,
) -> io::Result<usize> {
    // SAFETY: all fields are numbers and pointers, for which zero is a value.
    let mut message: msghdr = unsafe { zeroed() };
    message.msg_name = name;
    message.msg_namelen = *name_len;
    message.msg_iov = parts.as_ptr().cast_mut();
    message.msg_iovlen = parts.len();
    // SAFETY: the message leads to what the caller vouches for. A send writes to none of it
    // (sendmsg(2)).
    let count = unsafe {
        if L::WRITES {
            check(libc::sendmsg(
                fd,
                &raw const message,
                flags | libc::MSG_NOSIGNAL,
            ))?
        } else {
            check(libc::recvmsg(fd, &raw mut message, flags))?
        }
    };
    *name_len = message.msg_namelen;
    Ok(count)
}

/// Converts the -1 of a system call into its error.
fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
