//! Operations by system calls, on the blocking pool.
//!
//! The fallback where there is no io_uring, or where the kernel's lacks an opcode. It works on the
//! same in-flight entries as a ring does: a job borrows the operation from its entry, performs it
//! and completes the entry with the kernel's answer, a count or a negative errno.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::driver::op::{MAX_TRANSFER, Op};

/// Performs `op`; an interrupted call is made again (I5).
///
/// `cancel` is a descriptor that becomes readable when the end of a [`Op::Poll`] is asked for; no
/// other operation can be stopped once it has begun.
pub(crate) fn perform(op: &mut Op, cancel: Option<RawFd>) -> i32 {
    loop {
        let raw = match op {
            Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. }
            | Op::Open { .. }
            | Op::StatxPath { .. } => by_name(op),
            Op::Nop
            | Op::Read { .. }
            | Op::Write { .. }
            | Op::StatxFd { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. }
            | Op::Allocate { .. }
            | Op::Close { .. }
            | Op::Poll { .. } => by_descriptor(op, cancel),
        };
        // Linux closes the descriptor also where close(2) says EINTR.
        if raw == -libc::EINTR && !matches!(op, Op::Close { .. }) || op.advance(raw) {
            continue;
        }
        match op {
            // A non-blocking descriptor: wait as a ring does.
            Op::Read { fd, .. } if raw == -libc::EAGAIN => {
                poll(fd.as_raw_fd(), libc::POLLIN as u32, None);
            }
            Op::Write { fd, .. } if raw == -libc::EAGAIN => {
                poll(fd.as_raw_fd(), libc::POLLOUT as u32, None);
            }
            _ => return raw,
        }
    }
}

/// The descriptor through which [`cancel`] reaches a poll that has begun.
pub(crate) fn cancel_descriptor() -> io::Result<OwnedFd> {
    // SAFETY: a plain call; the result is checked before it is owned.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Asks a poll that has begun to end.
pub(crate) fn cancel(descriptor: &impl AsRawFd) {
    let one = 1_u64;
    // SAFETY: `one` is eight readable bytes. An eventfd takes the first write without waiting, and
    // a later one adds nothing that is needed.
    unsafe { libc::write(descriptor.as_raw_fd(), ptr::from_ref(&one).cast(), 8) };
}

/// The kernel's form of a libc result.
fn answer(result: impl Into<i64>) -> i32 {
    match result.into() {
        -1 => -io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO),
        // Transfers are cut at MAX_TRANSFER, so counts fit.
        count => count as i32,
    }
}

fn by_descriptor(op: &mut Op, cancel: Option<RawFd>) -> i32 {
    // SAFETY: every descriptor and every pointer below belongs to `op`, which outlives the call,
    // and lengths are those of the memory pointed to.
    unsafe {
        match op {
            Op::Nop => 0,
            Op::Read {
                fd,
                buffer,
                at,
                max,
                offset,
            } => {
                let (target, len) = buffer.target(*at, (*max).min(MAX_TRANSFER));
                let (fd, target) = (fd.as_raw_fd(), target.cast());
                answer(match *offset {
                    None => libc::read(fd, target, len) as i64,
                    Some(offset) => libc::pread64(fd, target, len, offset.cast_signed()) as i64,
                })
            }
            Op::Write {
                fd,
                buffer,
                at,
                max,
                offset,
                ..
            } => {
                let source = buffer.source(*at, (*max).min(MAX_TRANSFER));
                let (fd, len) = (fd.as_raw_fd(), source.len());
                let source = source.as_ptr().cast();
                answer(match *offset {
                    None => libc::write(fd, source, len) as i64,
                    Some(offset) => libc::pwrite64(fd, source, len, offset.cast_signed()) as i64,
                })
            }
            Op::StatxFd { fd, mask, out } => answer(libc::statx(
                fd.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_EMPTY_PATH,
                *mask,
                out.as_mut_ptr(),
            )),
            Op::Sync { fd, data_only } if *data_only => answer(libc::fdatasync(fd.as_raw_fd())),
            Op::Sync { fd, .. } => answer(libc::fsync(fd.as_raw_fd())),
            Op::Truncate { fd, len } => {
                answer(libc::ftruncate64(fd.as_raw_fd(), len.cast_signed()))
            }
            Op::Allocate {
                fd,
                mode,
                offset,
                len,
            } => answer(libc::fallocate64(
                fd.as_raw_fd(),
                *mode,
                offset.cast_signed(),
                len.cast_signed(),
            )),
            Op::Close { fd } => answer(libc::close(fd.as_raw_fd())),
            Op::Poll { fd, events } => poll(fd.as_raw_fd(), *events, cancel),
            Op::Open { .. }
            | Op::StatxPath { .. }
            | Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. } => unreachable!("{} has no descriptor", op.name()),
        }
    }
}

fn by_name(op: &mut Op) -> i32 {
    const CWD: RawFd = libc::AT_FDCWD;
    // SAFETY: every path ends in a zero byte and belongs to `op`, which outlives the call; `out`
    // is a whole `statx`.
    unsafe {
        match op {
            Op::Open { path, flags, mode } => answer(libc::openat64(
                CWD,
                path.as_ptr(),
                *flags | libc::O_CLOEXEC,
                *mode,
            )),
            Op::StatxPath {
                path,
                flags,
                mask,
                out,
            } => answer(libc::statx(
                CWD,
                path.as_ptr(),
                *flags,
                *mask,
                out.as_mut_ptr(),
            )),
            // A kernel without renameat2 still has the plain rename.
            Op::Rename { from, to, flags: 0 } => answer(libc::rename(from.as_ptr(), to.as_ptr())),
            Op::Rename { from, to, flags } => answer(libc::syscall(
                libc::SYS_renameat2,
                CWD,
                from.as_ptr(),
                CWD,
                to.as_ptr(),
                *flags,
            )),
            Op::Unlink { path, directory } => {
                let flags = if *directory { libc::AT_REMOVEDIR } else { 0 };
                answer(libc::unlinkat(CWD, path.as_ptr(), flags))
            }
            Op::MakeDirectory { path, mode } => answer(libc::mkdirat(CWD, path.as_ptr(), *mode)),
            Op::Link { from, to } => answer(libc::linkat(CWD, from.as_ptr(), CWD, to.as_ptr(), 0)),
            Op::Symlink { target, link } => {
                answer(libc::symlinkat(target.as_ptr(), CWD, link.as_ptr()))
            }
            Op::Nop
            | Op::Read { .. }
            | Op::Write { .. }
            | Op::StatxFd { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. }
            | Op::Allocate { .. }
            | Op::Close { .. }
            | Op::Poll { .. } => unreachable!("{} has no path", op.name()),
        }
    }
}

/// Waits until `fd` has one of `events`, or `cancel` is readable.
pub(super) fn poll(fd: RawFd, events: u32, cancel: Option<RawFd>) -> i32 {
    let entry = |fd, events| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // poll(2) skips a negative descriptor.
    let mut fds = [
        entry(fd, events as libc::c_short),
        entry(cancel.unwrap_or(-1), libc::POLLIN),
    ];
    // SAFETY: two entries, as said.
    let raw = answer(unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) });
    match raw {
        raw if raw < 0 => raw,
        _ if fds[0].revents & libc::POLLNVAL != 0 => -libc::EBADF,
        _ if fds[0].revents != 0 => i32::from(fds[0].revents.cast_unsigned()),
        _ => -libc::ECANCELED,
    }
}
