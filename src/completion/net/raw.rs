//! System calls on sockets with memory of owned buffers: the `unsafe` part of `completion::net`.

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::slice;

use libc::{c_int, c_void, iovec, msghdr};
use socket2::SockAddr;

use super::segments::{Control, segment_of};
pub(super) use super::segments::{send_many, set_gro};
use super::socket::Socket;
use crate::completion::raw::{Held, Lend};
use crate::driver::readiness::{Registered, Registration};
use crate::io::ReadBuf;

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

/// Fills the rest of a buffer by `fill`, which is shown one part after the other, as long as it fills
/// them; returns how many bytes it has filled.
///
/// # Errors
///
/// Returns the error of `fill`, which may fail before it has filled anything, and not after that.
pub(super) fn fill<L: Lend>(
    held: &mut Held<L>,
    mut fill: impl FnMut(&mut ReadBuf<'_>) -> io::Result<()>,
) -> io::Result<usize> {
    assert!(!L::WRITES, "only a buffer that is lent to be filled is");
    let call = |parts: &[iovec]| {
        let mut total = 0;
        for part in parts.iter().filter(|part| part.iov_len > 0) {
            let start = part.iov_base.cast::<MaybeUninit<u8>>();
            // SAFETY: `Held::transfer` shows memory that is writable, which nothing else has access
            // to.
            let room = unsafe { slice::from_raw_parts_mut(start, part.iov_len) };
            let mut buf = ReadBuf::uninit(room);
            fill(&mut buf)?;
            assert_eq!(
                buf.filled().as_ptr(),
                start.cast_const().cast(),
                "`fill` put another buffer in the place of its own"
            );
            total += buf.filled().len();
            if buf.remaining() > 0 {
                break;
            }
        }
        Ok(total)
    };
    // SAFETY: `call` returns how many bytes from the start on are filled: all parts but the last one
    // are full, and each is filled from its own start, as was checked.
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
    message.msg_iovlen = parts.len() as _;
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

/// What recvmsg(2) reports of datagrams.
pub(super) struct Datagrams {
    pub(super) sender: SockAddr,
    /// The length of the parts, if the kernel has joined several (`UDP_GRO`, udp(7)).
    pub(super) segment: Option<usize>,
    /// Whether there was more than fitted.
    pub(super) truncated: bool,
}

/// Receives a datagram, or several that the kernel has joined.
pub(super) fn receive_datagrams<L: Lend>(
    held: &mut Held<L>,
    fd: BorrowedFd<'_>,
) -> io::Result<Datagrams> {
    const { assert!(!L::WRITES) };
    let mut control = Control::new();
    let mut about = (None, false);
    let mut receive = |storage: *mut c_void, len: &mut libc::socklen_t| {
        let call = |parts: &[iovec]| {
            // SAFETY: all fields are numbers and pointers, for which zero is a value.
            let mut message: msghdr = unsafe { zeroed() };
            message.msg_name = storage;
            message.msg_namelen = *len;
            message.msg_iov = parts.as_ptr().cast_mut();
            message.msg_iovlen = parts.len() as _;
            message.msg_control = (&raw mut control).cast();
            message.msg_controllen = size_of::<Control>() as _;
            // SAFETY: `Held::transfer` shows memory that is writable, the caller passes storage of
            // that length, and the control buffer is ours.
            let count = check(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, 0) })?;
            *len = message.msg_namelen;
            // SAFETY: the kernel has filled in the message and its control messages.
            let segment = unsafe { segment_of(&message) };
            about = (segment, message.msg_flags & libc::MSG_TRUNC != 0);
            Ok(count)
        };
        // SAFETY: without `MSG_TRUNC` among the flags of the call, recvmsg(2) returns how many bytes
        // it has put into the parts, in order.
        unsafe { held.transfer(call) }
    };
    // SAFETY: the kernel fills in the address and its length, if the call succeeds (recvmsg(2)).
    let (_, sender) =
        unsafe { SockAddr::try_init(|storage, len| receive(storage.cast(), &mut *len)) }?;
    let (segment, truncated) = about;
    Ok(Datagrams {
        sender,
        segment,
        truncated,
    })
}

/// One message of [`send_many`].
pub(super) struct Message {
    /// How many of the buffers, after those of the messages before, are sent.
    pub(super) buffers: usize,
    /// Where it goes, unless the socket is connected.
    pub(super) target: Option<SockAddr>,
    /// The length of the datagrams that the kernel makes of it (`UDP_SEGMENT`, udp(7)). Without it
    /// the message is one datagram.
    pub(super) segment: Option<u16>,
}

/// Converts the -1 of a system call into its error.
pub(super) fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
