//! The calls by their numbers. Arguments, results and safety are those of the C library's functions.

use libc::{c_char, c_int, c_long, c_uint, iovec, ssize_t, syscall};

/// preadv2(2).
///
/// # Safety
///
/// `parts` has `count` entries of writable memory.
pub(crate) unsafe fn preadv2(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: i64,
    flags: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { transfer(libc::SYS_preadv2, fd, parts, count, offset, flags) }
}

/// pwritev2(2).
///
/// # Safety
///
/// `parts` has `count` entries of readable memory.
pub(crate) unsafe fn pwritev2(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: i64,
    flags: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { transfer(libc::SYS_pwritev2, fd, parts, count, offset, flags) }
}

/// statx(2).
///
/// # Safety
///
/// `path` ends in a zero byte and `out` is writable.
pub(crate) unsafe fn statx(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    out: *mut libc::statx,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { syscall(libc::SYS_statx, folder, path, flags, mask, out) as c_int }
}

/// preadv2(2) or pwritev2(2), by its number.
///
/// # Safety
///
/// As for the call.
unsafe fn transfer(
    number: c_long,
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: i64,
    flags: c_int,
) -> ssize_t {
    // The kernel takes the offset as two registers, of which the second has no meaning where the
    // first holds all 64 bits (`pos_from_hilo` in fs/read_write.c).
    let (low, high) = (offset as c_long, (offset >> 32) as c_long);
    // SAFETY: the caller's promise.
    unsafe { syscall(number, fd, parts, count, low, high, flags) as ssize_t }
}
