//! System calls of the view's thread that std has no function for.

use std::ffi::{CString, c_int, c_uint};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use socket2::{SockAddr, Type};

/// A descriptor, and the events that [`poll`] waits for and finds.
pub(super) type PollFd = libc::pollfd;

/// Waits for events of descriptors, or until a timeout, which is rounded up; poll(2). A signal may
/// end the wait early.
///
/// # Errors
///
/// Returns an error if the kernel has no memory for the wait.
pub(super) fn poll(fds: &mut [PollFd], timeout: Option<Duration>) -> io::Result<()> {
    let timeout_ms = timeout.map_or(-1, |timeout| {
        let ms = timeout.as_nanos().div_ceil(1_000_000);
        c_int::try_from(ms).unwrap_or(c_int::MAX)
    });
    // SAFETY: the pointer and the length name entries that this function borrows exclusively, and
    // the call is over when it returns.
    let found = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout_ms) };
    if found >= 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::Interrupted => {
            // The call leaves stale events behind when it fails.
            fds.iter_mut().for_each(|fd| fd.revents = 0);
            Ok(())
        }
        _ => Err(error),
    }
}

/// Returns the process at the other end and its effective user, as they were when it connected, or
/// when it began to listen; `SO_PEERCRED` of unix(7).
///
/// # Errors
///
/// Returns the error of getsockopt(2).
pub(super) fn peer(stream: &impl AsRawFd) -> io::Result<libc::ucred> {
    let mut peer = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the descriptor is open while `stream` is borrowed, and the pointers name a structure
    // of `len` bytes, into which the kernel writes no more than these (getsockopt(2)).
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut len,
        )
    };
    match result {
        0 => Ok(peer),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Returns whether a process has ended, waited for or not; false if that cannot be found out.
pub(super) fn has_ended(process: libc::pid_t) -> bool {
    // SAFETY: pidfd_open(2) takes two integers and no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    let Ok(fd @ 0..) = RawFd::try_from(fd) else {
        return io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
    };
    // SAFETY: the call succeeded, so this is a new descriptor that nothing else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut entry = [PollFd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    }];
    // It is readable when all threads of the process have ended.
    poll(&mut entry, Some(Duration::ZERO)).is_ok() && entry[0].revents & libc::POLLIN != 0
}

/// Returns the effective user of this process.
pub(super) fn effective_user() -> u32 {
    // SAFETY: geteuid(2) takes no argument, and always succeeds.
    unsafe { libc::geteuid() }
}

/// How [`rename`] treats a file that has the new name already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Existing {
    /// It is an error.
    Refuse,
    /// The two files exchange their names.
    Exchange,
}

/// Renames a file; renameat2(2).
///
/// # Errors
///
/// Returns the error of the call. It is `EINVAL` where the file system cannot do this.
pub(super) fn rename(from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
    let from = CString::new(from.as_os_str().as_bytes())?;
    let to = CString::new(to.as_os_str().as_bytes())?;
    let flags: c_uint = match existing {
        Existing::Refuse => libc::RENAME_NOREPLACE,
        Existing::Exchange => libc::RENAME_EXCHANGE,
    };
    // A system call of its own, since not every C library has a function for it.
    // SAFETY: both pointers name texts that end in a zero byte and outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            flags,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has exit(3) call `f`.
///
/// # Errors
///
/// Returns an error if there is no memory for that.
pub(super) fn at_exit(f: extern "C" fn()) -> io::Result<()> {
    // SAFETY: `f` is a function of no arguments that does not unwind, as atexit(3) asks for.
    match unsafe { libc::atexit(f) } {
        0 => Ok(()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    }
}

/// Returns the time of `CLOCK_MONOTONIC` in nanoseconds, the clock of [`std::time::Instant`].
pub(super) fn now_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer names a structure that the kernel writes to during the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    assert_eq!(result, 0, "every Linux has CLOCK_MONOTONIC");
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Returns the address of a socket; getsockname(2).
///
/// # Errors
///
/// Returns an error if the number is that of no socket.
pub(super) fn local_address(fd: RawFd) -> io::Result<SockAddr> {
    address(fd, libc::getsockname)
}

/// Returns the address of a socket's peer; getpeername(2).
///
/// # Errors
///
/// Returns an error if the number is that of no socket, or of one that is not connected.
pub(super) fn peer_address(fd: RawFd) -> io::Result<SockAddr> {
    address(fd, libc::getpeername)
}

type AddressCall = unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int;

fn address(fd: RawFd, call: AddressCall) -> io::Result<SockAddr> {
    // SAFETY: if the call succeeds, the kernel has stored an address of this length in the storage,
    // which is as long as any (getsockname(2), getpeername(2)).
    let result = unsafe {
        SockAddr::try_init(|storage, len| {
            // The descriptor is only a number: the calls return an error if it is not a socket, and
            // change nothing of it otherwise.
            match call(fd, storage.cast(), len) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        })
    };
    result.map(|((), address)| address)
}

/// Returns the type of a socket; `SO_TYPE` of socket(7).
///
/// # Errors
///
/// Returns an error if the number is that of no socket.
pub(super) fn socket_type(fd: RawFd) -> io::Result<Type> {
    let mut kind: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the pointers name an integer of `len` bytes, and the call returns an error for a number
    // that is no descriptor.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &raw mut len,
        )
    };
    match result {
        0 => Ok(Type::from(kind)),
        _ => Err(io::Error::last_os_error()),
    }
}
