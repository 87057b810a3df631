//! System calls of the view's thread that std has no function for.

use std::ffi::c_int;
use std::io;
use std::os::fd::RawFd;
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

/// Returns the effective user of this process.
pub(super) fn effective_user() -> u32 {
    // SAFETY: geteuid(2) takes no argument, and always succeeds.
    unsafe { libc::geteuid() }
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
