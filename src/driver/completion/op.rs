//! Operations as plain data.
//!
//! An [`Op`] owns everything that the kernel may touch while it runs: file descriptors, paths and
//! buffers (I1). The set is closed. A new member does not compile until it can be prepared for a
//! ring (`uring/prepare.rs`), performed by system calls (`pool.rs`) and turned into an outcome
//! ([`Op::finish`]); all three match on it without a catch-all arm.
//!
//! Both back-ends report an operation in the kernel's form: a count or zero, or a negative errno.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;

use crate::driver::buffer::Buffer;

/// A file descriptor of any kind, which stays open as long as an operation on it is in flight.
pub(crate) type SharedFd = Arc<File>;

/// The most bytes that one read or write moves (`MAX_RW_COUNT` of read(2)).
pub(crate) const MAX_TRANSFER: usize = 0x7fff_f000;

/// Memory for a `statx` result.
pub(crate) type StatxBuffer = Box<MaybeUninit<libc::statx>>;

/// An operation and all that it needs.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "some are for the completion API; the tests use them"
    )
)]
pub(crate) enum Op {
    /// Does nothing; goes through the whole path.
    Nop,
    /// openat(2). `O_CLOEXEC` is always added.
    Open {
        path: CString,
        flags: i32,
        mode: u32,
    },
    /// read(2), or pread(2) with an offset: at most `max` bytes into `buffer` from `at` on. It
    /// waits for data also where the descriptor is non-blocking.
    Read {
        fd: SharedFd,
        buffer: Buffer,
        at: usize,
        max: usize,
        offset: Option<u64>,
    },
    /// write(2), or pwrite(2) with an offset: `buffer` from `at` on, at most `max` bytes. It waits
    /// for room also where the descriptor is non-blocking. With `all` it goes on until everything
    /// is written, whether or not anybody waits; see [`Op::advance`]. `regular` says that the
    /// descriptor is that of a regular file.
    Write {
        fd: SharedFd,
        regular: bool,
        buffer: Buffer,
        at: usize,
        max: usize,
        offset: Option<u64>,
        all: bool,
    },
    /// statx(2) of a path.
    StatxPath {
        path: CString,
        flags: i32,
        mask: u32,
        out: StatxBuffer,
    },
    /// statx(2) of an open file.
    StatxFd {
        fd: SharedFd,
        mask: u32,
        out: StatxBuffer,
    },
    /// fsync(2), or fdatasync(2).
    Sync { fd: SharedFd, data_only: bool },
    /// ftruncate(2).
    Truncate { fd: SharedFd, len: u64 },
    /// fallocate(2).
    Allocate {
        fd: SharedFd,
        mode: i32,
        offset: u64,
        len: u64,
    },
    /// renameat2(2).
    Rename {
        from: CString,
        to: CString,
        flags: u32,
    },
    /// unlink(2), or rmdir(2).
    Unlink { path: CString, directory: bool },
    /// mkdir(2).
    MakeDirectory { path: CString, mode: u32 },
    /// link(2); a symbolic link at `from` is not followed.
    Link { from: CString, to: CString },
    /// symlink(2).
    Symlink { target: CString, link: CString },
    /// close(2).
    Close { fd: OwnedFd },
    /// poll(2) of one descriptor, without a time limit.
    Poll { fd: SharedFd, events: u32 },
}

/// How an operation ended, with all that it owned.
///
/// Resources are owned (I3): dropping an outcome that nobody asked for closes and frees them.
/// Making one is cheap and drops nothing, so it may happen under a lock; taking it apart may
/// close descriptors.
#[derive(Debug)]
pub(crate) struct Completed {
    op: Op,
    raw: i32,
    opened: Option<OwnedFd>,
}

impl Op {
    /// Room for a `statx` result.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the completion API; the tests use it")
    )]
    pub(crate) fn statx_buffer() -> StatxBuffer {
        Box::new(MaybeUninit::zeroed())
    }

    /// The operation's name in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Op::Nop => "nop",
            Op::Open { .. } => "open",
            Op::Read { .. } => "read",
            Op::Write { .. } => "write",
            Op::StatxPath { .. } | Op::StatxFd { .. } => "statx",
            Op::Sync { .. } => "sync",
            Op::Truncate { .. } => "truncate",
            Op::Allocate { .. } => "allocate",
            Op::Rename { .. } => "rename",
            Op::Unlink { .. } => "unlink",
            Op::MakeDirectory { .. } => "mkdir",
            Op::Link { .. } => "link",
            Op::Symlink { .. } => "symlink",
            Op::Close { .. } => "close",
            Op::Poll { .. } => "poll",
        }
    }

    /// Whether a ring hands the operation to a thread of the kernel, since it may wait for a disk
    /// and there is no way to begin it without (`REQ_F_FORCE_ASYNC` in io_uring/fs.c, sync.c,
    /// statx.c and truncate.c). So does a write to a regular file that would not go through at once,
    /// which the layer above has tried. An open that neither creates nor truncates is not counted:
    /// what is left of those here may be a pipe's, which waits for as long as it likes.
    pub(crate) fn takes_a_thread(&self) -> bool {
        match self {
            Op::Open { flags, .. } => flags & (libc::O_CREAT | libc::O_TRUNC) != 0,
            Op::Write { regular, .. } => *regular,
            Op::StatxPath { .. }
            | Op::StatxFd { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. }
            | Op::Allocate { .. }
            | Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. } => true,
            Op::Nop | Op::Read { .. } | Op::Close { .. } | Op::Poll { .. } => false,
        }
    }

    /// Takes note that a part of a write is done; true if there is more to do.
    pub(crate) fn advance(&mut self, raw: i32) -> bool {
        let Op::Write {
            buffer,
            at,
            max,
            offset,
            all: true,
            ..
        } = self
        else {
            return false;
        };
        let Some(count) = usize::try_from(raw).ok().filter(|&count| count > 0) else {
            return false;
        };
        if count >= buffer.source(*at, *max).len() {
            return false;
        }
        *at += count;
        *max -= count;
        if let Some(offset) = offset {
            *offset += count as u64;
        }
        true
    }

    /// Joins this operation with its final result.
    ///
    /// `raw` is a count or a negative errno, as in a completion queue entry.
    ///
    /// # Safety
    /// `raw` is what the kernel reported for this very operation, or a negative errno.
    pub(crate) unsafe fn finish(self, raw: i32) -> Completed {
        match self {
            Op::Open { .. } => Completed {
                // SAFETY: I3: the kernel has just made this descriptor for us (the caller's
                // promise), and a final completion is seen once (I2).
                opened: (raw >= 0).then(|| unsafe { OwnedFd::from_raw_fd(raw) }),
                op: self,
                raw,
            },
            Op::Close { fd } if raw != -libc::ECANCELED => {
                // close(2), "Dealing with error returns from close()": the descriptor is gone
                // whatever the result; only a close that never began leaves it open.
                let _ = fd.into_raw_fd();
                Completed::plain(Op::Nop, raw)
            }
            Op::Nop
            | Op::Read { .. }
            | Op::Write { .. }
            | Op::StatxPath { .. }
            | Op::StatxFd { .. }
            | Op::Sync { .. }
            | Op::Truncate { .. }
            | Op::Allocate { .. }
            | Op::Rename { .. }
            | Op::Unlink { .. }
            | Op::MakeDirectory { .. }
            | Op::Link { .. }
            | Op::Symlink { .. }
            | Op::Close { .. }
            | Op::Poll { .. } => Completed::plain(self, raw),
        }
    }

    /// The outcome of this operation where it could not even begin: cancelled.
    pub(crate) fn refuse(self) -> Completed {
        // SAFETY: a negative errno.
        unsafe { self.finish(-libc::ECANCELED) }
    }
}

impl Completed {
    fn plain(op: Op, raw: i32) -> Completed {
        Completed {
            op,
            raw,
            opened: None,
        }
    }

    fn result(&self) -> io::Result<u32> {
        u32::try_from(self.raw).map_err(|_| io::Error::from_raw_os_error(-self.raw))
    }

    /// The outcome of an operation that has no result but success.
    pub(crate) fn done(self) -> io::Result<()> {
        self.result().map(drop)
    }

    /// The outcome of an open.
    pub(crate) fn opened(self) -> io::Result<OwnedFd> {
        self.result()?;
        Ok(self.opened.expect("an open that succeeds has a descriptor"))
    }

    /// The outcome of a read or write: how many bytes, and the buffer. For a write of `all` the
    /// count is that of its last part.
    pub(crate) fn transferred(self) -> (io::Result<usize>, Buffer) {
        let result = self.result().map(|count| count as usize);
        match self.op {
            Op::Read { mut buffer, at, .. } => {
                if let Ok(count) = result {
                    // SAFETY: the kernel reported `count` for this very read (`Op::finish`), so
                    // it wrote as many bytes to the place that the buffer named for `at`.
                    unsafe { buffer.filled(at, count) };
                }
                (result, buffer)
            }
            Op::Write { buffer, .. } => (result, buffer),
            other => unreachable!("{} transfers no bytes", other.name()),
        }
    }

    /// The outcome of a statx.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the completion API; the tests use it")
    )]
    pub(crate) fn stat(self) -> io::Result<Box<libc::statx>> {
        self.result()?;
        match self.op {
            // SAFETY: `statx` is plain integers and was zeroed when it was made.
            Op::StatxPath { out, .. } | Op::StatxFd { out, .. } => Ok(unsafe { out.assume_init() }),
            other => unreachable!("{} has no attributes", other.name()),
        }
    }

    /// The outcome of a poll: the events that are there.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the completion API; the tests use it")
    )]
    pub(crate) fn polled(self) -> io::Result<u32> {
        self.result()
    }
}
