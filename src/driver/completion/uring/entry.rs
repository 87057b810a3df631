//! Operations as submission queue entries.
#![forbid(unsafe_code)]

use std::os::fd::AsRawFd;

use io_uring::types::Fd;
use io_uring::{opcode, squeue};

use crate::driver::completion::op::{MAX_TRANSFER, Op, ReadFrom, room};

/// Returns the submission queue entry of `op`, without user data; `None` where a ring does not suit
/// it.
///
/// It points into memory that `op` owns. That memory stays where it is when `op` moves, so the
/// entry is valid as long as `op` lives and is not changed.
pub(super) fn entry(op: &mut Op) -> Option<squeue::Entry> {
    let (fd, from, buffer, max) = match op {
        Op::Read {
            fd,
            from,
            buffer,
            max,
        } => (fd, from, buffer, max),
        Op::ReadAt {
            fd, offset, into, ..
        } => {
            let fd = Fd(fd.as_raw_fd());
            return Some(match into.parts().as_slice() {
                [one] => {
                    let len = one.iov_len.min(MAX_TRANSFER) as u32;
                    let entry = opcode::Read::new(fd, one.iov_base.cast(), len);
                    entry.offset(*offset).build()
                }
                many => {
                    let entry = opcode::Readv::new(fd, many.as_ptr(), many.len() as u32);
                    entry.offset(*offset).build()
                }
            });
        }
        Op::WriteAt {
            fd, offset, from, ..
        } => {
            let fd = Fd(fd.as_raw_fd());
            return Some(match from.parts().as_slice() {
                [one] => {
                    let len = one.iov_len.min(MAX_TRANSFER) as u32;
                    let entry = opcode::Write::new(fd, one.iov_base.cast(), len);
                    entry.offset(*offset).build()
                }
                many => {
                    let entry = opcode::Writev::new(fd, many.as_ptr(), many.len() as u32);
                    entry.offset(*offset).build()
                }
            });
        }
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
