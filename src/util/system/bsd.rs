//! FreeBSD and its relatives.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::SocketAddr;

pub(crate) use libc::{
    CLOCK_MONOTONIC_FAST as COARSE_CLOCK, MAP_PREFAULT_READ as MAP_POPULATE, O_DIRECT, fdatasync,
    fsync, ftruncate, openat, pread, preadv, pwritev,
};
use libc::{c_int, iovec, ssize_t};
use socket2::{Domain, SockAddr, Socket, Type};

/// There is none: every file may be large.
pub(crate) const O_LARGEFILE: c_int = 0;
/// There is none.
pub(crate) const O_NOATIME: c_int = 0;

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
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

/// Reserves room for a part of a file, which becomes as long as that; posix_fallocate(2).
pub(crate) fn allocate(fd: RawFd, offset: i64, len: i64) -> io::Result<()> {
    // SAFETY: this call takes no pointers.
    match unsafe { libc::posix_fallocate(fd, offset, len) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Makes a pipe whose ends do not block and are not inherited: the end to read and the end to
/// write.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) })?;
    let [reader, writer] = ends;
    // SAFETY: the kernel just made these two descriptors for us.
    Ok(unsafe { (OwnedFd::from_raw_fd(reader), OwnedFd::from_raw_fd(writer)) })
}

/// Makes a socket that does not block and is not inherited.
pub(crate) fn socket(domain: Domain, kind: Type) -> io::Result<Socket> {
    Socket::new_raw(domain, kind.nonblocking().cloexec(), None)
}

/// Makes two Unix sockets that are connected, do not block and are not inherited.
pub(crate) fn socket_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    Socket::pair_raw(Domain::UNIX, kind.nonblocking().cloexec(), None)
}

/// Accepts a connection as a socket that does not block and is not inherited, in one call.
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    const FLAGS: c_int = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the closure passes the storage and its length on to `accept4`, which fills in both.
    unsafe {
        SockAddr::try_init(|storage, len| {
            let fd = check(libc::accept4(
                listener.as_fd().as_raw_fd(),
                storage.cast(),
                len,
                FLAGS,
            ))?;
            // SAFETY: the kernel just made this descriptor for us.
            Ok(OwnedFd::from_raw_fd(fd))
        })
    }
}

/// A process, its user and its group.
pub(crate) type Credentials = (Option<i32>, u32, u32);

/// Returns who is at the other end of a Unix stream, apart from the process; getpeereid(3).
pub(crate) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both pointers are those of one number.
    check(unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) })?;
    Ok((None, user, group))
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

/// Returns the greatest number of a signal, `SIGRTMAX` of signal.h.
pub(crate) fn last_signal() -> c_int {
    126
}

/// Returns how often this thread has yielded its processor because it had to wait; getrusage(2).
pub(crate) fn voluntary_switches() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a whole `rusage`, which is plain integers and was zeroed: it is
    // initialized whether or not the call succeeds.
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_nvcsw
    }
}
