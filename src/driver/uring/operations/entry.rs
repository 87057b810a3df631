//! Operations as submission queue entries.
#![forbid(unsafe_code)]

use std::os::fd::AsRawFd;

use io_uring::types::Fd;
use io_uring::{opcode, squeue};

use crate::driver::completion::lent::Parts;
use crate::driver::completion::op::{MAX_TRANSFER, Op, ReadFrom, SharedFd, room};

/// Returns the submission queue entry of `op`, without user data; `None` where a ring does not suit
/// it. Its memory is registered in `slot`.
///
/// It points into memory that `op` owns. That memory stays where it is when `op` moves, so the
/// entry is valid as long as `op` lives and is not changed.
pub(super) fn entry(op: &mut Op, slot: Option<u16>) -> Option<squeue::Entry> {
    let (fd, from, buffer, max) = match op {
        Op::Read {
            fd,
            from,
            buffer,
            max,
        } => (fd, from, buffer, max),
        Op::ReadAt {
            fd, offset, into, ..
        } => return Some(read(fd, *offset, into.parts(), slot)),
        Op::WriteAt {
            fd, offset, from, ..
        } => return Some(write(fd, *offset, from.parts(), slot)),
        _ => return None,
    };
    let offset = match *from {
        ReadFrom::Offset(offset) => offset,
        // "The current position", which a pipe or socket does not have (io_uring_enter(2)).
        ReadFrom::Stream => u64::MAX,
        ReadFrom::Position => return None,
    };
    let room = room(buffer, *max);
    let len = room.len() as u32;
    let entry = opcode::Read::new(Fd(fd.as_raw_fd()), room.as_mut_ptr().cast(), len);
    Some(entry.offset(offset).build())
}

fn read(fd: &SharedFd, offset: u64, into: &Parts, slot: Option<u16>) -> squeue::Entry {
    let fd = Fd(fd.as_raw_fd());
    match (into.as_slice(), slot) {
        ([one], Some(slot)) => opcode::ReadFixed::new(fd, one.iov_base.cast(), len(one), slot)
            .offset(offset)
            .build(),
        ([one], None) => opcode::Read::new(fd, one.iov_base.cast(), len(one))
            .offset(offset)
            .build(),
        (many, _) => opcode::Readv::new(fd, many.as_ptr(), many.len() as u32)
            .offset(offset)
            .build(),
    }
}

fn write(fd: &SharedFd, offset: u64, from: &Parts, slot: Option<u16>) -> squeue::Entry {
    let fd = Fd(fd.as_raw_fd());
    match (from.as_slice(), slot) {
        ([one], Some(slot)) => opcode::WriteFixed::new(fd, one.iov_base.cast(), len(one), slot)
            .offset(offset)
            .build(),
        ([one], None) => opcode::Write::new(fd, one.iov_base.cast(), len(one))
            .offset(offset)
            .build(),
        (many, _) => opcode::Writev::new(fd, many.as_ptr(), many.len() as u32)
            .offset(offset)
            .build(),
    }
}

fn len(part: &libc::iovec) -> u32 {
    part.iov_len.min(MAX_TRANSFER) as u32
}
