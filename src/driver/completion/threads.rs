//! Operations by system calls, on threads of the driver's own.
//!
//! Operations that a ring would hand to a thread of the kernel anyway run here, and all operations
//! where io_uring is not available. A thread takes the payload out of the `Operation`, performs it,
//! and completes the `Operation` with the kernel's answer.
//!
//! They are not the threads of `spawn_blocking`, so a user's closures never hold up an operation
//! (I9). Nor do operations that wait: when no operation could begin for a while although some are
//! queued, the pool starts threads beyond its limit (I11; `PoolConfig::relief` in
//! `blocking/pool.rs`).

use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::Arc;

use crate::blocking::pool::{Kind, Pool, SpawnError};
use crate::driver::completion::op::{Completed, MAX_TRANSFER, Op, ReadFrom, Synced, room};
use crate::driver::completion::operation::{Counted, Ended, Operation};
use crate::driver::completion::{Payload, Submitted};
use crate::loom::sync::Mutex;
use crate::util::system;
use crate::util::unwind::contain;
use crate::util::wake::wake_some;

/// Has a thread perform `operation`; an error completes it as cancelled.
pub(super) fn submit(pool: &Pool, operation: Submitted, kind: Kind) -> Result<(), SpawnError> {
    push(pool, Job::new(operation), kind)
}

/// Has a thread continue an operation that has begun elsewhere.
pub(in crate::driver) fn submit_begun(pool: &Pool, operation: Submitted, begun: Payload) {
    let kind = kind(&begun.0);
    let begun = Some(begun);
    if let Err(refused) = push_late(pool, Job { operation, begun }, kind) {
        log::debug!("zokio: an operation could not continue: {refused}");
    }
}

/// Like [`submit`], where the submitter may not be there to be told that there is no thread: the
/// operation ends with the reason as well.
pub(in crate::driver) fn submit_late(
    pool: &Pool,
    operation: Submitted,
    kind: Kind,
) -> Result<(), SpawnError> {
    push_late(pool, Job::new(operation), kind)
}

/// An error drops the job, which completes the operation.
pub(super) fn push(pool: &Pool, job: Job, kind: Kind) -> Result<(), SpawnError> {
    pool.push(Box::new(move || job.run()), kind)
}

/// An error completes the operation with the reason.
pub(super) fn push_late(pool: &Pool, job: Job, kind: Kind) -> Result<(), SpawnError> {
    offer(pool, job, kind).map_err(|(refused, _job)| refused)
}

/// Like [`push_late`], but a job that comes after the shutdown of the pool runs on this thread.
pub(super) fn push_accepted(pool: &Pool, job: Job, kind: Kind) -> Result<(), SpawnError> {
    match offer(pool, job, kind) {
        Err((SpawnError::Closed, Some(job))) => {
            job.run();
            Ok(())
        }
        offered => offered.map_err(|(refused, _job)| refused),
    }
}

/// An error completes the operation with the reason if there is no thread, and otherwise returns the
/// job.
fn offer(pool: &Pool, job: Job, kind: Kind) -> Result<(), (SpawnError, Option<Job>)> {
    let place = Arc::new(Mutex::new(Some(job)));
    let of_thread = place.clone();
    let run = move || {
        let job = of_thread.lock().take();
        if let Some(job) = job {
            job.run();
        }
    };
    let Err(refused) = pool.push(Box::new(run), kind) else {
        return Ok(());
    };
    let job = place.lock().take();
    match (&refused, job) {
        (SpawnError::NoThread(error), Some(job)) => {
            job.lack_thread(same(error));
            Err((refused, None))
        }
        (_, job) => Err((refused, job)),
    }
}

/// Returns another error with the same code, or else of the same kind.
fn same(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(errno) => io::Error::from_raw_os_error(errno),
        None => error.kind().into(),
    }
}

/// Returns how the pool treats `op` when it is shut down.
pub(super) fn kind(op: &Op) -> Kind {
    match op {
        // It may wait without a bound, and changes nothing: the shutdown does not wait for it.
        Op::Read { .. } | Op::ReadAt { .. } => Kind::Detached,
        Op::Open { flags, .. } if flags & (libc::O_CREAT | libc::O_TRUNC) == 0 => Kind::Detached,
        // What was accepted happens even if it has not begun, and so does what changes the file
        // system.
        Op::Write { .. }
        | Op::WriteAt { .. }
        | Op::Allocate { .. }
        | Op::Close { .. }
        | Op::Open { .. }
        | Op::Sync { .. }
        | Op::Truncate { .. }
        | Op::Rename { .. }
        | Op::Unlink { .. }
        | Op::MakeDirectory { .. }
        | Op::Link { .. }
        | Op::Symlink { .. }
        | Op::Transfer(_) => Kind::Ordinary,
    }
}

/// Performs one operation. A job that is dropped unrun completes its operation as cancelled.
#[derive(Debug)]
pub(super) struct Job {
    operation: Submitted,
    /// What the operation owns, if it has begun.
    begun: Option<Payload>,
}

impl Job {
    pub(super) fn new(operation: Submitted) -> Job {
        Job {
            operation,
            begun: None,
        }
    }

    fn run(mut self) {
        let payload = self.payload();
        if let Some((counted, completed)) = perform_begun(&self.operation, payload) {
            finish(&self.operation, counted, completed);
        }
    }

    /// Completes the operation, for which no thread could be started.
    fn lack_thread(mut self, error: io::Error) {
        if let Some((op, counted)) = self.payload() {
            finish(&self.operation, counted, op.lack_thread(error));
        }
    }

    fn payload(&mut self) -> Option<Payload> {
        self.begun.take().or_else(|| self.operation.begin())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // After a run there is nothing left.
        let payload = self.payload();
        refuse(&self.operation, payload);
    }
}

/// Makes the system call of an operation with its payload, unless that is gone. It runs no code of the
/// user's. What is returned completes the operation, by [`finish`].
pub(super) fn perform_begun(
    operation: &Operation<Payload, Completed>,
    payload: Option<Payload>,
) -> Option<(Counted, Completed)> {
    let (op, counted) = payload?;
    let completed = if operation.is_cancelled() {
        op.refuse()
    } else {
        perform(op)
    };
    Some((counted, completed))
}

/// Completes an operation with its payload as cancelled, unless that is gone.
pub(super) fn refuse(operation: &Operation<Payload, Completed>, payload: Option<Payload>) {
    if let Some((op, counted)) = payload {
        finish(operation, counted, op.refuse());
    }
}

/// Completes `operation`, wakes its task, and only then counts it as ended.
pub(in crate::driver) fn finish(
    operation: &Operation<Payload, Completed>,
    counted: Counted,
    completed: Completed,
) {
    match operation.complete(completed) {
        Ended::Wake(waker) => wake_some(waker),
        // It may hold a user's buffer, whose destructor is the user's code.
        Ended::Unwanted(completed) => contain(|| drop(completed)),
    }
    drop(counted);
}

/// Performs `op`; an interrupted call is made again (I5).
fn perform(mut op: Op) -> Completed {
    loop {
        let raw = match &mut op {
            Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. }
            | Op::Open { .. } => by_name(&op),
            Op::ReadAt { .. } | Op::WriteAt { .. } => transfer_lent(&op),
            Op::Read { .. }
            | Op::Write { .. }
            | Op::Allocate { .. }
            | Op::Close { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. } => by_descriptor(&mut op),
            Op::Transfer(transfer) => {
                // It has the count and the error itself.
                transfer.perform();
                0
            }
        };
        if raw == -libc::EINTR || is_part(&mut op, raw) {
            continue;
        }
        // SAFETY: `raw` is the answer of the call that was just made for `op`.
        return unsafe { op.finish(raw) };
    }
}

/// Records a partial write; returns whether more is left to write.
fn is_part(op: &mut Op, raw: i32) -> bool {
    match (op, usize::try_from(raw)) {
        (
            Op::Write {
                buffer, written, ..
            },
            Ok(count),
        ) if count > 0 => {
            *written += count;
            *written < buffer.len()
        }
        _ => false,
    }
}

/// Converts a libc result to the kernel's form.
fn answer(result: impl Into<i64>) -> i32 {
    match result.into() {
        -1 => -io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO),
        // Transfers are cut at MAX_TRANSFER, so counts fit.
        count => count as i32,
    }
}

fn by_descriptor(op: &mut Op) -> i32 {
    // SAFETY: every descriptor and every pointer below belongs to `op`, which outlives the call,
    // and each length is that of the memory pointed to.
    unsafe {
        match op {
            Op::Read {
                fd,
                from,
                buffer,
                max,
            } => {
                let room = room(buffer, *max);
                let (fd, target, len) = (fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len());
                answer(match *from {
                    ReadFrom::Position | ReadFrom::Stream => libc::read(fd, target, len) as i64,
                    ReadFrom::Offset(offset) => {
                        system::pread(fd, target, len, offset as i64) as i64
                    }
                })
            }
            Op::Write {
                fd,
                buffer,
                written,
            } => {
                let rest = &buffer[*written..];
                let len = rest.len().min(MAX_TRANSFER);
                answer(libc::write(fd.as_raw_fd(), rest.as_ptr().cast(), len) as i64)
            }
            Op::Sync { fd, data_only } if *data_only => answer(system::fdatasync(fd.as_raw_fd())),
            Op::Sync { fd, .. } => answer(system::fsync(fd.as_raw_fd())),
            Op::Truncate { fd, len } => answer(system::ftruncate(fd.as_raw_fd(), *len as i64)),
            Op::Allocate { fd, offset, len } => {
                match system::allocate(fd.as_raw_fd(), *offset as i64, *len as i64) {
                    Ok(()) => 0,
                    Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
                }
            }
            Op::Close { fd } => {
                match answer(fd.take().map_or(0, |fd| libc::close(fd.into_raw_fd()))) {
                    // The descriptor is closed, but what it had to write may not be written (close(2)).
                    interrupted if interrupted == -libc::EINTR => -libc::EINPROGRESS,
                    raw => raw,
                }
            }
            Op::Open { .. }
            | Op::ReadAt { .. }
            | Op::WriteAt { .. }
            | Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. }
            | Op::Transfer(_) => unreachable!("{} has not one descriptor", op.name()),
        }
    }
}

/// Transfers lent memory.
fn transfer_lent(op: &Op) -> i32 {
    match op {
        Op::ReadAt {
            fd, offset, into, ..
        } => {
            let parts = into.parts().as_slice();
            let (fd, start, count) = (fd.as_raw_fd(), parts.as_ptr(), parts.len() as i32);
            // SAFETY: I1: the descriptor, the list and the memory that it leads to belong to `op`,
            // which outlives the call.
            answer(unsafe { system::preadv(fd, start, count, *offset as i64) } as i64)
        }
        Op::WriteAt {
            fd,
            offset,
            from,
            synced,
            ..
        } => {
            let parts = from.parts().as_slice();
            // SAFETY: as above.
            unsafe {
                match synced {
                    None => write_parts(fd.as_raw_fd(), parts, *offset),
                    Some(synced) => write_synced(fd.as_raw_fd(), parts, *offset, *synced),
                }
            }
        }
        other => unreachable!("{} was lent no memory", other.name()),
    }
}

/// # Safety
///
/// The parts are readable memory.
unsafe fn write_parts(fd: RawFd, parts: &[libc::iovec], offset: u64) -> i32 {
    let (start, count) = (parts.as_ptr(), parts.len() as i32);
    // SAFETY: the list is borrowed, and the caller vouches for what it leads to.
    answer(unsafe { system::pwritev(fd, start, count, offset as i64) } as i64)
}

/// Writes, and syncs what was written: in one call, which syncs nothing else, or in two where the
/// kernel, the file system or a filter does not offer that.
///
/// # Safety
///
/// As for [`write_parts`].
unsafe fn write_synced(fd: RawFd, parts: &[libc::iovec], offset: u64, synced: Synced) -> i32 {
    let (start, count) = (parts.as_ptr(), parts.len() as i32);
    let data_only = matches!(synced, Synced::Data);
    // SAFETY: as for `write_parts`.
    if let Some(written) = unsafe { system::write_synced(fd, start, count, offset, data_only) } {
        return answer(written as i64);
    }
    // SAFETY: the caller's promise.
    let raw = unsafe { write_parts(fd, parts, offset) };
    if raw <= 0 {
        return raw;
    }
    loop {
        // SAFETY: these calls take no pointer.
        let ended = answer(unsafe {
            match synced {
                Synced::Data => system::fdatasync(fd),
                Synced::All => system::fsync(fd),
            }
        });
        // Made again by itself, since a write with `O_APPEND` must not be.
        match ended {
            0 => return raw,
            interrupted if interrupted == -libc::EINTR => {}
            failed => return failed,
        }
    }
}

fn by_name(op: &Op) -> i32 {
    const CWD: RawFd = libc::AT_FDCWD;
    // SAFETY: every path ends in a zero byte and belongs to `op`, which outlives the call.
    unsafe {
        match op {
            Op::Open { path, flags, mode } => answer(system::openat(
                CWD,
                path.as_ptr(),
                *flags | libc::O_CLOEXEC,
                *mode,
            )),
            Op::Rename { from, to } => answer(libc::rename(from.as_ptr(), to.as_ptr())),
            Op::Unlink { path, directory } => {
                let flags = if *directory { libc::AT_REMOVEDIR } else { 0 };
                answer(libc::unlinkat(CWD, path.as_ptr(), flags))
            }
            Op::MakeDirectory { path, mode } => {
                answer(libc::mkdirat(CWD, path.as_ptr(), *mode as libc::mode_t))
            }
            Op::Link { from, to } => answer(libc::linkat(CWD, from.as_ptr(), CWD, to.as_ptr(), 0)),
            Op::Symlink { target, link } => {
                answer(libc::symlinkat(target.as_ptr(), CWD, link.as_ptr()))
            }
            Op::Read { .. }
            | Op::ReadAt { .. }
            | Op::Write { .. }
            | Op::WriteAt { .. }
            | Op::Allocate { .. }
            | Op::Close { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. }
            | Op::Transfer(_) => unreachable!("{} has no path", op.name()),
        }
    }
}
