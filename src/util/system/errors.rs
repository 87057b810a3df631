//! Codes of errors.
#![forbid(unsafe_code)]

/// Errors that may be over the next time.
pub(crate) const TRANSIENT: [i32; 13] = [
    libc::EAGAIN,
    libc::EBUSY,
    libc::EINTR,
    libc::EMFILE,
    libc::ENFILE,
    libc::ENOBUFS,
    libc::ENOMEM,
    libc::ENOSPC,
    libc::ECONNREFUSED,
    libc::ECONNRESET,
    libc::EHOSTUNREACH,
    libc::ENETUNREACH,
    libc::ETIMEDOUT,
];

/// Those of them that tell that descriptors have run out.
pub(crate) const TOO_MANY_OPEN: [i32; 2] = [libc::EMFILE, libc::ENFILE];
