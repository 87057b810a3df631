//! Operations as submission queue entries.
#![forbid(unsafe_code)]

use std::os::fd::AsRawFd;

use io_uring::types::Fd;
use io_uring::{opcode, squeue};

use crate::driver::completion::op::{Op, ReadFrom, room};
use crate::util::status_flags::status_flags;

/// Returns whether a ring carries `op` out without a thread of the kernel. It does so for reads
/// that wait for a device or for the other end of a pipe.
///
/// Everything else would be handed to such a thread, one hop further than a thread of ours
/// (`REQ_F_FORCE_ASYNC` in io_uring/{fs,sync,truncate}.c; a buffered write of ext4 and an open that
/// creates return `EAGAIN` to the first attempt). Reads and writes at the position of an open file
/// are not submitted to a ring, because it takes the position without the lock that read(2) and
/// write(2) hold (I12). Nor are reads of non-blocking descriptors, for which it would wait all the
/// same.
pub(in crate::driver::completion) fn suits(op: &Op) -> bool {
    match op {
        Op::Read { fd, from, .. } => match from {
            ReadFrom::Position => false,
            ReadFrom::Offset(_) => true,
            ReadFrom::Stream => status_flags(fd).is_ok_and(|flags| flags & libc::O_NONBLOCK == 0),
        },
        Op::Open { .. }
        | Op::Write { .. }
        | Op::Sync { .. }
        | Op::Truncate { .. }
        | Op::Rename { .. }
        | Op::Unlink { .. }
        | Op::MakeDirectory { .. }
        | Op::Link { .. }
        | Op::Symlink { .. } => false,
    }
}

/// Returns the submission queue entry of `op`, without user data; `None` where a ring does not suit
/// it.
///
/// It points into memory that `op` owns. That memory stays where it is when `op` moves, so the
/// entry is valid as long as `op` lives and is not changed.
pub(super) fn entry(op: &mut Op) -> Option<squeue::Entry> {
    let Op::Read {
        fd,
        from,
        buffer,
        max,
    } = op
    else {
        return None;
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
