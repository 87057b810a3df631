//! What Linux offers beside the calls that every system has: reads and writes of the page cache alone,
//! and opens of what is in memory.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::calls::{Facts, Refusal, Source, last_error, vector};
use crate::util::system::{O_DIRECT, O_NOATIME, preadv2, pwritev2, statx};

/// Reads at the file's position from the page cache; preadv2(2), `RWF_NOWAIT`.
///
/// # Safety
///
/// The vector is writable memory.
#[inline]
pub(super) unsafe fn cached_read(file: &File, vector: &libc::iovec) -> Result<usize, Refusal> {
    // SAFETY: the kernel reads one vector and writes to its memory, as the caller allows.
    let count = unsafe { preadv2(file.as_raw_fd(), vector, 1, -1, libc::RWF_NOWAIT) };
    usize::try_from(count).map_err(|_| last_error())
}

/// Writes what needs no waiting at the file's position; pwritev2(2), `RWF_NOWAIT`.
pub(crate) fn write(file: &File, from: &[u8]) -> Result<usize, Refusal> {
    let vector = vector(from.as_ptr(), from.len());
    // SAFETY: the kernel only reads the borrowed slice.
    let count = unsafe { pwritev2(file.as_raw_fd(), &raw const vector, 1, -1, libc::RWF_NOWAIT) };
    usize::try_from(count).map_err(|_| last_error())
}

fn flags(source: Source) -> i32 {
    match source {
        Source::Cache => libc::RWF_NOWAIT,
        Source::Memory => 0,
    }
}

/// Reads at `offset`; preadv2(2), from the page cache with `RWF_NOWAIT`.
///
/// # Safety
///
/// The parts are writable memory.
pub(crate) unsafe fn read_parts(
    file: &File,
    into: &[libc::iovec],
    offset: i64,
    source: Source,
) -> Result<usize, Refusal> {
    let flags = flags(source);
    let (start, parts) = (into.as_ptr(), into.len() as i32);
    // SAFETY: the kernel reads the list, which is borrowed, and writes to the parts, as the caller
    // allows.
    let count = unsafe { preadv2(file.as_raw_fd(), start, parts, offset, flags) };
    usize::try_from(count).map_err(|_| last_error())
}

/// Writes at `offset`; pwritev2(2), to the page cache with `RWF_NOWAIT`.
///
/// # Safety
///
/// The parts are readable memory.
pub(crate) unsafe fn write_parts(
    file: &File,
    from: &[libc::iovec],
    offset: i64,
    source: Source,
) -> Result<usize, Refusal> {
    let flags = flags(source);
    let (start, parts) = (from.as_ptr(), from.len() as i32);
    // SAFETY: the kernel reads the list, which is borrowed, and the parts, as the caller allows.
    let count = unsafe { pwritev2(file.as_raw_fd(), start, parts, offset, flags) };
    usize::try_from(count).map_err(|_| last_error())
}

/// Opens `path` if the way to it is cached; openat2(2), `RESOLVE_CACHED`.
///
/// It never waits for another end, a lease holder or a device that is being opened: it opens with
/// `O_NONBLOCK`. But opening alone may have effects on anything but a regular file; find out first
/// what is there.
pub(crate) fn open(path: &CStr, flags: i32) -> Result<OwnedFd, Refusal> {
    // SAFETY: `open_how` is three integers, for which zero is right.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (flags | libc::O_CLOEXEC | libc::O_NONBLOCK) as u64;
    how.resolve = libc::RESOLVE_CACHED;
    openat2(path, &how)
}

/// Opens `path` as a mere reference, to ask what is there, if the way to it is cached. The file
/// itself does not notice (open(2), `O_PATH`).
pub(crate) fn locate(path: &CStr, follow: bool) -> Result<OwnedFd, Refusal> {
    // SAFETY: as above.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    let nofollow = if follow { 0 } else { libc::O_NOFOLLOW };
    how.flags = (libc::O_PATH | libc::O_CLOEXEC | nofollow) as u64;
    how.resolve = libc::RESOLVE_CACHED;
    openat2(path, &how)
}

fn openat2(path: &CStr, how: &libc::open_how) -> Result<OwnedFd, Refusal> {
    // SAFETY: the path ends in a zero byte and the structure has the size that is passed.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_openat2,
            libc::AT_FDCWD,
            path.as_ptr(),
            std::ptr::from_ref(how),
            size_of::<libc::open_how>(),
        )
    };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(match last_error() {
            // Final where the way was cached. Anything else (a seccomp filter, a full table, a
            // lease, a read-only mount) is for the waiting call to report.
            Refusal::Failed(error) => match error.raw_os_error() {
                Some(
                    libc::ENOENT | libc::ENOTDIR | libc::EACCES | libc::ELOOP | libc::ENAMETOOLONG,
                ) => Refusal::Failed(error),
                _ => Refusal::Waits,
            },
            other => other,
        }),
    }
}

/// Returns whether the text of `link` certainly came into memory with its inode: a short one of
/// ext2, ext3 or ext4 ("Symbolic Links" in the kernel's description of ext4's inodes).
pub(crate) fn text_is_in_inode(link: &OwnedFd, facts: &Facts) -> bool {
    let mut about = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: `about` is a whole `statfs`.
    let result = unsafe { libc::fstatfs(link.as_raw_fd(), about.as_mut_ptr()) };
    // SAFETY: `statfs` is plain integers and was zeroed.
    let about = unsafe { about.assume_init() };
    result == 0 && i128::from(about.f_type) == i128::from(libc::EXT4_SUPER_MAGIC) && facts.size < 60
}

/// Returns what `file` is, from what is known without asking a server or a device; statx(2),
/// `AT_STATX_DONT_SYNC`.
pub(crate) fn facts(file: &impl AsRawFd) -> Option<Facts> {
    let mut out = MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT;
    let mask = libc::STATX_TYPE | libc::STATX_SIZE | libc::STATX_MNT_ID;
    // SAFETY: the path is empty, and `out` is a whole `statx`.
    let result = unsafe {
        statx(
            file.as_raw_fd(),
            c"".as_ptr(),
            flags,
            mask,
            out.as_mut_ptr(),
        )
    };
    if result != 0 {
        return None;
    }
    // SAFETY: `statx` is plain integers and was zeroed.
    let out = unsafe { out.assume_init() };
    Some(Facts {
        mode: out.stx_mode,
        size: out.stx_size,
        mount: (out.stx_mask & libc::STATX_MNT_ID != 0).then_some(out.stx_mnt_id),
    })
}

/// Clears `O_NONBLOCK` again after [`open`] with the same `flags`; fcntl(2), `F_SETFL`.
pub(crate) fn clear_nonblock(file: &impl AsRawFd, flags: i32) -> io::Result<()> {
    let keep = flags & (libc::O_APPEND | O_DIRECT | O_NOATIME);
    // SAFETY: a plain call.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, keep) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
