//! On a system without splice(2) no copy stays in the kernel: each call reports that there is none, and
//! the copy goes through memory.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;

use libc::c_int;

use super::splice::Call;

fn none() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOSYS)
}

pub(crate) fn set_capacity(_pipe: BorrowedFd<'_>, _bytes: c_int) -> io::Result<c_int> {
    Err(none())
}

pub(crate) fn splice(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _len: usize) -> io::Result<usize> {
    Err(none())
}

pub(crate) fn splice_at(
    _from: BorrowedFd<'_>,
    _to: BorrowedFd<'_>,
    _offset: i64,
    _len: usize,
) -> io::Result<usize> {
    Err(none())
}

pub(crate) fn copy_range(
    _from: (BorrowedFd<'_>, i64),
    _to: (BorrowedFd<'_>, i64),
    _len: usize,
) -> io::Result<usize> {
    Err(none())
}

pub(crate) fn send_file(
    _from: (BorrowedFd<'_>, i64),
    _to: BorrowedFd<'_>,
    _len: usize,
) -> io::Result<usize> {
    Err(none())
}

/// Returns `true`: no thread can make the call.
pub(super) fn is_forbidden(_call: Call) -> bool {
    true
}

/// Returns `false`: nothing is spliced.
pub(crate) fn suits(_fd: BorrowedFd<'_>) -> bool {
    false
}
