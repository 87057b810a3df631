//! Operations as submission queue entries.

use std::os::fd::{AsRawFd, RawFd};

use io_uring::types::{Fd, FsyncFlags};
use io_uring::{opcode, squeue};

use crate::driver::op::{MAX_TRANSFER, Op};

const CWD: Fd = Fd(libc::AT_FDCWD);

/// The offset that stands for "the file's own position, and move it" (io_uring_enter(2),
/// `IORING_OP_READ`).
const CURRENT_POSITION: u64 = u64::MAX;

fn fd(fd: &impl AsRawFd) -> Fd {
    let raw: RawFd = fd.as_raw_fd();
    Fd(raw)
}

/// The kernel's number for the operation, as probed.
pub(crate) fn opcode(op: &Op) -> u8 {
    match op {
        Op::Nop => opcode::Nop::CODE,
        Op::Open { .. } => opcode::OpenAt::CODE,
        Op::Read { .. } => opcode::Read::CODE,
        Op::Write { .. } => opcode::Write::CODE,
        Op::StatxPath { .. } | Op::StatxFd { .. } => opcode::Statx::CODE,
        Op::Sync { .. } => opcode::Fsync::CODE,
        Op::Truncate { .. } => opcode::Ftruncate::CODE,
        Op::Allocate { .. } => opcode::Fallocate::CODE,
        Op::Rename { .. } => opcode::RenameAt::CODE,
        Op::Unlink { .. } => opcode::UnlinkAt::CODE,
        Op::MakeDirectory { .. } => opcode::MkDirAt::CODE,
        Op::Link { .. } => opcode::LinkAt::CODE,
        Op::Symlink { .. } => opcode::SymlinkAt::CODE,
        Op::Close { .. } => opcode::Close::CODE,
        Op::Poll { .. } => opcode::PollAdd::CODE,
    }
}

/// The submission queue entry of `op`, without user data.
///
/// It points into memory that `op` owns. That memory stays where it is when `op` moves, so the
/// entry is valid as long as `op` lives.
pub(crate) fn entry(op: &mut Op) -> squeue::Entry {
    match op {
        Op::Nop => opcode::Nop::new().build(),
        Op::Read {
            fd: file,
            buffer,
            at,
            max,
            offset,
        } => {
            let (target, len) = buffer.target(*at, (*max).min(MAX_TRANSFER));
            opcode::Read::new(fd(file), target, len as u32)
                .offset(offset.unwrap_or(CURRENT_POSITION))
                .build()
        }
        Op::Write {
            fd: file,
            buffer,
            at,
            max,
            offset,
            ..
        } => {
            let source = buffer.source(*at, (*max).min(MAX_TRANSFER));
            opcode::Write::new(fd(file), source.as_ptr(), source.len() as u32)
                .offset(offset.unwrap_or(CURRENT_POSITION))
                .build()
        }
        Op::StatxPath {
            path,
            flags,
            mask,
            out,
        } => {
            let entry = opcode::Statx::new(CWD, path.as_ptr(), out.as_mut_ptr().cast());
            entry.flags(*flags).mask(*mask).build()
        }
        Op::StatxFd {
            fd: file,
            mask,
            out,
        } => opcode::Statx::new(fd(file), c"".as_ptr(), out.as_mut_ptr().cast())
            .flags(libc::AT_EMPTY_PATH)
            .mask(*mask)
            .build(),
        Op::Sync { fd: it, data_only } => opcode::Fsync::new(fd(it))
            .flags(sync_flags(*data_only))
            .build(),
        Op::Truncate { fd: file, len } => opcode::Ftruncate::new(fd(file), *len).build(),
        Op::Allocate {
            fd: file,
            mode,
            offset,
            len,
        } => {
            let entry = opcode::Fallocate::new(fd(file), *len).offset(*offset);
            entry.mode(*mode).build()
        }
        Op::Close { fd: file } => opcode::Close::new(fd(file)).build(),
        Op::Poll { fd: file, events } => opcode::PollAdd::new(fd(file), *events).build(),
        Op::Open { .. }
        | Op::Rename { .. }
        | Op::Unlink { .. }
        | Op::MakeDirectory { .. }
        | Op::Link { .. }
        | Op::Symlink { .. } => names(op),
    }
}

fn sync_flags(data_only: bool) -> FsyncFlags {
    if data_only {
        FsyncFlags::DATASYNC
    } else {
        FsyncFlags::empty()
    }
}

/// Operations on directory entries.
fn names(op: &Op) -> squeue::Entry {
    match op {
        // Straight to a kernel worker: the kernel's own first attempt sets `O_NONBLOCK` while it
        // opens (`io_openat2` in io_uring/openclose.c), so a fifo would be opened without waiting
        // for its other end, which open(2) promises to do.
        Op::Open { path, flags, mode } => opcode::OpenAt::new(CWD, path.as_ptr())
            .flags(*flags | libc::O_CLOEXEC)
            .mode(*mode)
            .build()
            .flags(squeue::Flags::ASYNC),
        Op::Rename { from, to, flags } => {
            opcode::RenameAt::new(CWD, from.as_ptr(), CWD, to.as_ptr())
                .flags(*flags)
                .build()
        }
        Op::Unlink { path, directory } => opcode::UnlinkAt::new(CWD, path.as_ptr())
            .flags(if *directory { libc::AT_REMOVEDIR } else { 0 })
            .build(),
        Op::MakeDirectory { path, mode } => {
            opcode::MkDirAt::new(CWD, path.as_ptr()).mode(*mode).build()
        }
        Op::Link { from, to } => opcode::LinkAt::new(CWD, from.as_ptr(), CWD, to.as_ptr()).build(),
        Op::Symlink { target, link } => {
            opcode::SymlinkAt::new(CWD, target.as_ptr(), link.as_ptr()).build()
        }
        Op::Nop
        | Op::Read { .. }
        | Op::Write { .. }
        | Op::StatxPath { .. }
        | Op::StatxFd { .. }
        | Op::Sync { .. }
        | Op::Truncate { .. }
        | Op::Allocate { .. }
        | Op::Close { .. }
        | Op::Poll { .. } => unreachable!("{} names no directory entry", op.name()),
    }
}
