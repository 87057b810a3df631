//! Operations as plain data.
//!
//! An [`Op`] owns everything that the kernel may touch while it runs: file descriptors, paths and
//! buffers (I1). The set is closed: a new variant does not compile until `completions.rs` decides
//! whether it suits a ring and `threads.rs` how a thread carries it out; both match on it without a
//! catch-all arm.
//!
//! Both ways report a result in the kernel's form: a count, a descriptor or zero, or a negative
//! errno.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

use super::file_transfer::FileTransfer;
use super::lent::Lent;
use crate::error::Error;
use crate::record::OPERATIONS;

/// A file descriptor of any kind, which stays open as long as an operation on it is in flight.
pub(crate) type SharedFd = Arc<File>;

/// The most bytes that one read or write moves (`MAX_RW_COUNT`; read(2), NOTES).
pub(crate) const MAX_TRANSFER: usize = 0x7fff_f000;

/// The code of an operation that was refused or cancelled.
pub(crate) const CANCELED: i32 = libc::ECANCELED;

/// Where a read starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// The position of the open file, which the read moves: read(2).
    Position,
    /// The given offset; the position does not change: pread(2).
    Offset(u64),
    /// A pipe or a socket, which has no position.
    Stream,
}

/// What of a write is on disk when it has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synced {
    /// The bytes, and the attributes that are needed to read them.
    Data,
    /// The bytes and all attributes.
    All,
}

/// An operation and everything it needs.
#[derive(Debug)]
pub(crate) enum Op {
    /// openat(2). `O_CLOEXEC` is always added.
    Open {
        path: CString,
        flags: i32,
        mode: u32,
    },
    /// read(2) or pread(2): at most `max` bytes into the unused capacity of `buffer`.
    Read {
        fd: SharedFd,
        from: ReadFrom,
        buffer: Vec<u8>,
        max: usize,
    },
    /// preadv(2) into memory of a user's buffer. With `on_ring` a ring may carry it out, because a
    /// read of this file waits without a thread of the kernel.
    ReadAt {
        fd: SharedFd,
        offset: u64,
        into: Lent,
        on_ring: bool,
    },
    /// write(2) of `buffer` from `written` on, repeated until everything is written or a call
    /// fails, whether or not a task waits for it.
    Write {
        fd: SharedFd,
        buffer: Vec<u8>,
        written: usize,
    },
    /// pwritev(2) of memory of a user's buffer; one call, which may write a part. With `on_ring` a
    /// ring may carry it out. With `synced`, which no ring takes, what it has written is on disk when
    /// it has completed.
    WriteAt {
        fd: SharedFd,
        offset: u64,
        from: Lent,
        on_ring: bool,
        synced: Option<Synced>,
    },
    /// fallocate(2), which makes the file longer if need be.
    Allocate { fd: SharedFd, offset: u64, len: u64 },
    /// close(2) of the last descriptor of an open file. `None` once it was called.
    Close { fd: Option<OwnedFd> },
    /// fsync(2), or fdatasync(2).
    Sync { fd: SharedFd, data_only: bool },
    /// ftruncate(2).
    Truncate { fd: SharedFd, len: u64 },
    /// rename(2).
    Rename { from: CString, to: CString },
    /// unlink(2), or rmdir(2).
    Unlink { path: CString, directory: bool },
    /// mkdir(2).
    MakeDirectory { path: CString, mode: u32 },
    /// link(2); a symbolic link at `from` is not followed.
    Link { from: CString, to: CString },
    /// symlink(2).
    Symlink { target: CString, link: CString },
    /// One piece of a transfer between a file and another file or a stream.
    Transfer(Box<FileTransfer>),
}

/// Returns the memory that a read of at most `max` bytes may fill: unused capacity of `buffer`.
pub(in crate::driver) fn room(buffer: &mut Vec<u8>, max: usize) -> &mut [MaybeUninit<u8>] {
    let room = buffer.spare_capacity_mut();
    let len = room.len().min(max).min(MAX_TRANSFER);
    &mut room[..len]
}

/// The outcome of an operation, with everything that the operation owned.
///
/// Resources are owned (I3): dropping an outcome closes and frees them. Making one is cheap and
/// drops nothing.
#[derive(Debug)]
pub(crate) struct Completed {
    op: Op,
    raw: i32,
    opened: Option<OwnedFd>,
    /// Why there was no thread for it, if the submitter was not told.
    missing: Option<io::Error>,
}

impl Op {
    /// Returns the operation's name in messages.
    pub(crate) fn name(&self) -> &'static str {
        OPERATIONS[usize::from(self.number())]
    }

    /// Returns the operation's place among the names.
    pub(crate) fn number(&self) -> u8 {
        match self {
            Op::Open { .. } => 0,
            Op::Read { .. } | Op::ReadAt { .. } => 1,
            Op::Write { .. } | Op::WriteAt { .. } => 2,
            Op::Allocate { .. } => 3,
            Op::Close { .. } => 4,
            Op::Sync { .. } => 5,
            Op::Truncate { .. } => 6,
            Op::Rename { .. } => 7,
            Op::Unlink { .. } => 8,
            Op::MakeDirectory { .. } => 9,
            Op::Link { .. } => 10,
            Op::Symlink { .. } => 11,
            Op::Transfer(_) => 12,
        }
    }

    /// Returns the memory that the operation was lent.
    pub(in crate::driver) fn lent(&self) -> Option<&Lent> {
        match self {
            Op::ReadAt { into: lent, .. } | Op::WriteAt { from: lent, .. } => Some(lent),
            _ => None,
        }
    }

    /// Joins this operation with its final result: a count or a negative errno.
    ///
    /// # Safety
    ///
    /// `raw` is what the kernel reported for this very operation, or a negative errno.
    pub(crate) unsafe fn finish(mut self, raw: i32) -> Completed {
        let mut opened = None;
        if let Ok(count) = usize::try_from(raw) {
            match &mut self {
                // SAFETY: I3: the kernel has just made this descriptor for us (the caller's
                // promise), and a final completion is seen once (I2).
                Op::Open { .. } => opened = Some(unsafe { OwnedFd::from_raw_fd(raw) }),
                // SAFETY: the kernel reported `count` for this very read, so it wrote as many bytes
                // behind the vector's end, within the capacity that was offered to it.
                Op::Read { buffer, .. } => unsafe { buffer.set_len(buffer.len() + count) },
                // The owner of lent memory is told the count when it is back.
                Op::ReadAt { .. }
                | Op::WriteAt { .. }
                | Op::Write { .. }
                | Op::Allocate { .. }
                | Op::Close { .. }
                | Op::Sync { .. }
                | Op::Truncate { .. }
                | Op::Rename { .. }
                | Op::Unlink { .. }
                | Op::MakeDirectory { .. }
                | Op::Link { .. }
                | Op::Symlink { .. }
                | Op::Transfer(_) => {}
            }
        }
        Completed {
            op: self,
            raw,
            opened,
            missing: None,
        }
    }

    /// Returns the outcome of an operation that the kernel has not touched, or has refused.
    pub(crate) fn fail(self, errno: i32) -> Completed {
        Completed {
            op: self,
            raw: -errno,
            opened: None,
            missing: None,
        }
    }

    /// Returns the outcome of an operation that was refused or cancelled.
    pub(crate) fn refuse(self) -> Completed {
        self.fail(CANCELED)
    }

    /// Returns the outcome of an operation for which no thread could be started.
    pub(super) fn lack_thread(self, error: io::Error) -> Completed {
        let mut completed = self.refuse();
        completed.missing = Some(error);
        completed
    }
}

/// Returns the error of an operation for which no thread could be started; `operation` is a verb with
/// its object.
pub(crate) fn no_thread(operation: &'static str, error: io::Error) -> io::Error {
    let reason = format!("no thread could be started: {error}");
    Error::resource(operation, reason, Some(error)).into()
}

impl Completed {
    fn result(&mut self) -> io::Result<usize> {
        if let Some(error) = self.missing.take() {
            let operation = match self.op {
                Op::WriteAt { .. } => "write to a file",
                // Besides these, only reads go to a ring.
                _ => "read a file",
            };
            return Err(no_thread(operation, error));
        }
        usize::try_from(self.raw).map_err(|_| io::Error::from_raw_os_error(-self.raw))
    }

    /// Returns the outcome of an operation that has no result but success.
    pub(crate) fn done(mut self) -> io::Result<()> {
        self.result().map(drop)
    }

    /// Returns the outcome of an open.
    pub(crate) fn opened(mut self) -> io::Result<OwnedFd> {
        self.result()?;
        Ok(self.opened.expect("an open that succeeds has a descriptor"))
    }

    /// Returns the outcome of a read or write: the number of bytes, and the buffer. For a write the
    /// number is that of its last call.
    pub(crate) fn transferred(mut self) -> (io::Result<usize>, Vec<u8>) {
        let result = self.result();
        match self.op {
            Op::Read { buffer, .. } | Op::Write { buffer, .. } => (result, buffer),
            other => unreachable!("{} transfers no bytes", other.name()),
        }
    }
    /// Returns the outcome of a transfer of lent memory: the number of bytes, and the memory.
    pub(crate) fn returned(mut self) -> (io::Result<usize>, Lent) {
        let result = self.result();
        match self.op {
            Op::ReadAt { into: lent, .. } | Op::WriteAt { from: lent, .. } => (result, lent),
            other => unreachable!("{} was lent no memory", other.name()),
        }
    }

    /// Returns the outcome of a piece of a transfer: whether it was carried out, and the transfer.
    pub(crate) fn transfer(mut self) -> (io::Result<()>, Box<FileTransfer>) {
        let result = self.result();
        match self.op {
            Op::Transfer(transfer) => (result.map(drop), transfer),
            other => unreachable!("{} is no transfer", other.name()),
        }
    }
}
