//! macOS and the other systems of Apple.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::SocketAddr;
use std::ptr;

pub(crate) use libc::{
    CLOCK_MONOTONIC_RAW_APPROX as COARSE_CLOCK, ftruncate, openat, pread, preadv, pwritev,
};
use libc::{c_int, iovec, ssize_t};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

/// There is none: a file is told to bypass the cache by fcntl(2), `F_NOCACHE`.
pub(crate) const O_DIRECT: c_int = 0;
/// There is none: every file may be large.
pub(crate) const O_LARGEFILE: c_int = 0;
/// There is none.
pub(crate) const O_NOATIME: c_int = 0;
/// There is none: pages come when they are touched.
pub(crate) const MAP_POPULATE: c_int = 0;

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// Has the device write what it has of a file; fcntl(2), `F_FULLFSYNC`. fsync(2) leaves it in the
/// device's memory there.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn fsync(fd: RawFd) -> c_int {
    // SAFETY: this call takes no pointers.
    unsafe { libc::fcntl(fd, libc::F_FULLFSYNC) }
}

/// The same: no call syncs less than all.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn fdatasync(fd: RawFd) -> c_int {
    // SAFETY: as above.
    unsafe { fsync(fd) }
}

/// Returns `None`: no call writes and syncs at the same time.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn write_synced(
    _fd: RawFd,
    _parts: *const iovec,
    _count: c_int,
    _offset: u64,
    _data_only: bool,
) -> Option<ssize_t> {
    None
}

/// Reserves room behind the end of a file, which becomes as long as `offset + len`; fcntl(2),
/// `F_PREALLOCATE`. Holes within the file stay.
pub(crate) fn allocate(fd: RawFd, offset: i64, len: i64) -> io::Result<()> {
    let end = offset.checked_add(len).filter(|_| offset >= 0 && len > 0);
    let end = end.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `about` is a whole `stat`, which is plain integers and was zeroed.
    let size = unsafe {
        check(libc::fstat(fd, about.as_mut_ptr()))?;
        about.assume_init().st_size
    };
    if end <= size {
        return Ok(());
    }
    let mut room = libc::fstore_t {
        fst_flags: libc::F_ALLOCATEALL,
        fst_posmode: libc::F_PEOFPOSMODE,
        fst_offset: 0,
        fst_length: end - size,
        fst_bytesalloc: 0,
    };
    // SAFETY: the pointer is that of one `fstore_t`.
    check(unsafe { libc::fcntl(fd, libc::F_PREALLOCATE, &raw mut room) })?;
    // SAFETY: this call takes no pointers.
    check(unsafe { libc::ftruncate(fd, end) }).map(drop)
}

/// Makes a pipe whose ends do not block and are not inherited: the end to read and the end to
/// write. A process that another thread starts before the end of the call may inherit it: there is no
/// pipe2(2).
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe(ends.as_mut_ptr()) })?;
    // SAFETY: the kernel just made these two descriptors for us.
    let [reader, writer] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    for end in [&reader, &writer] {
        // SAFETY: these calls take no pointers.
        unsafe {
            check(libc::fcntl(
                end.as_raw_fd(),
                libc::F_SETFD,
                libc::FD_CLOEXEC,
            ))?;
            let flags = check(libc::fcntl(end.as_raw_fd(), libc::F_GETFL))?;
            check(libc::fcntl(
                end.as_raw_fd(),
                libc::F_SETFL,
                flags | libc::O_NONBLOCK,
            ))?;
        }
    }
    Ok((reader, writer))
}

/// Makes a socket that does not block, is not inherited and raises no `SIGPIPE`.
pub(crate) fn socket(domain: Domain, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Makes two such Unix sockets that are connected.
pub(crate) fn socket_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    let pair = Socket::pair(Domain::UNIX, kind, None)?;
    pair.0.set_nonblocking(true)?;
    pair.1.set_nonblocking(true)?;
    Ok(pair)
}

/// Accepts a connection as such a socket. There is no accept4(2).
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    let (socket, peer) = SockRef::from(listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), peer))
}

/// A process, its user and its group.
pub(crate) type Credentials = (Option<i32>, u32, u32);

/// Returns who is at the other end of a Unix stream; getpeereid(3) and `LOCAL_PEERPID`.
pub(crate) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both pointers are those of one number.
    check(unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) })?;
    let mut process: libc::pid_t = 0;
    let mut len = size_of::<libc::pid_t>() as libc::socklen_t;
    // SAFETY: pointer and length are those of one number.
    check(unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEERPID,
            (&raw mut process).cast(),
            ptr::from_mut(&mut len),
        )
    })?;
    Ok((Some(process), user, group))
}

/// Returns `None`: abstract names are Linux's.
pub(crate) fn abstract_name(_address: &SocketAddr) -> Option<&[u8]> {
    None
}

/// Returns an error: abstract names are Linux's.
pub(crate) fn from_abstract_name(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this system has no abstract names of Unix sockets",
    ))
}

/// Returns the greatest number of a signal, `NSIG` of signal.h less one.
pub(crate) fn last_signal() -> c_int {
    31
}

/// Returns 0, since the system counts by process. It matters to calls that were made inline alone,
/// and none is (`fs/inline`).
pub(crate) fn voluntary_switches() -> i64 {
    0
}
