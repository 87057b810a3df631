//! Receives into memory that is not initialized yet.
//!
//! Each function hands a buffer to the kernel and marks as filled what the kernel wrote; the number
//! never comes from anywhere else.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use bytes::BufMut;
use libc::c_int;
use socket2::{SockAddr, SockRef};

use crate::stream::ReadBuf;

/// What happens to the bytes that are received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receive {
    /// They leave the socket.
    Take,
    /// They stay for the next call.
    Peek,
}

impl Receive {
    fn flags(self) -> c_int {
        match self {
            Receive::Take => 0,
            Receive::Peek => libc::MSG_PEEK,
        }
    }
}

/// Calls `recv(2)` on the unfilled part of `buf`; returns how many bytes were appended.
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, buf: &mut ReadBuf<'_>, how: Receive) -> io::Result<usize> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    let n = SockRef::from(&fd).recv_with_flags(unfilled, how.flags())?;
    // SAFETY: the kernel wrote `n` bytes to the front of the unfilled part. Without `MSG_TRUNC`
    // a datagram that was too long counts as what fitted (`recv(2)`).
    unsafe { append(buf, n) };
    Ok(n)
}

/// Calls `recvfrom(2)` on the unfilled part of `buf`; returns the sender's address.
pub(crate) fn recv_from(
    fd: BorrowedFd<'_>,
    buf: &mut ReadBuf<'_>,
    how: Receive,
) -> io::Result<SockAddr> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    let (n, address) = SockRef::from(&fd).recv_from_with_flags(unfilled, how.flags())?;
    // SAFETY: as in `recv`.
    unsafe { append(buf, n) };
    Ok(address)
}

/// Calls `read(2)` on the unfilled part of `buf`; returns how many bytes were appended.
pub(crate) fn read(fd: BorrowedFd<'_>, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    // SAFETY: the pointer and the length come from one slice, which is ours to write.
    let n = unsafe { libc::read(fd.as_raw_fd(), unfilled.as_mut_ptr().cast(), unfilled.len()) };
    let Ok(n) = usize::try_from(n) else {
        return Err(io::Error::last_os_error());
    };
    // SAFETY: the kernel wrote `n` bytes to the front of the unfilled part.
    unsafe { append(buf, n) };
    Ok(n)
}

/// Marks the next `n` bytes as filled.
///
/// # Safety
///
/// The next `n` bytes have been written.
#[inline]
unsafe fn append(buf: &mut ReadBuf<'_>, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { buf.assume_init(n) };
    buf.advance(n);
}

/// Lets `read` fill the next free chunk of `buf`, and advances `buf` by what was filled.
pub(crate) fn fill<B: BufMut, R>(
    buf: &mut B,
    read: impl FnOnce(&mut ReadBuf<'_>) -> io::Result<R>,
) -> io::Result<R> {
    let chunk = buf.chunk_mut();
    // SAFETY: nothing initialized is made uninitialized: a `ReadBuf` does not let that happen
    // without unsafe code of its user.
    let mut target = ReadBuf::uninit(unsafe { chunk.as_uninit_slice_mut() });
    let start = target.filled().as_ptr();
    let result = read(&mut target)?;
    let filled = target.filled();
    assert_eq!(
        start,
        filled.as_ptr(),
        "`read` put another buffer in the place of its own"
    );
    let n = filled.len();
    // SAFETY: `filled` is the initialized front of the chunk, as was just checked.
    unsafe { buf.advance_mut(n) };
    Ok(result)
}
