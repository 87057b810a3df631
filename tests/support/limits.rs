//! Limits of this process (setrlimit(2)).
#![allow(dead_code)]

use std::io;

/// Sets how many descriptors this process may have; returns how many it could have before.
pub fn allow_descriptors(count: libc::rlim_t) -> libc::rlim_t {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to one rlimit, which lives across the call.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(result, 0);
    let before = limit.rlim_cur;
    limit.rlim_cur = count;
    // SAFETY: as above.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0);
    before
}

/// Lets no file of this process grow beyond `size`, and a write that would is an error.
pub fn limit_files(size: usize) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: size as libc::rlim_t,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: SIG_IGN is no function; the pointer is to one rlimit, which lives across the call.
    let result = unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit)
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
