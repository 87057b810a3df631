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

pub fn page_size() -> usize {
    // SAFETY: sysconf(3) takes no pointer.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

/// Limits the locked memory to so many pages, for this thread and those that it starts. What other
/// processes have locked does not count, if this thread may change its user.
#[cfg(target_os = "linux")]
pub fn limit_locked_memory(pages: usize) {
    const IPC_LOCK: u32 = 14;
    let limit = (pages * page_size()) as libc::rlim_t;
    // `_LINUX_CAPABILITY_VERSION_3` and this thread; effective, permitted, inheritable, twice
    // (capset(2)).
    let mut header = [0x2008_0522_u32, 0];
    let mut sets = [0_u32; 6];
    // SAFETY: the limit, the header and the sets live across the calls, and have the sizes that
    // these take; a limit of zeros is one.
    unsafe {
        let mut now: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut now);
        now.rlim_cur = limit.min(now.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const now), 0);
        let (header, sets_at) = (header.as_mut_ptr(), sets.as_mut_ptr());
        // The kernel counts by the real user, also what other processes have: it becomes one that
        // no other process has. As long as the effective user is root, the capabilities stay.
        if libc::geteuid() == 0 {
            let user = 1_000_000 + std::process::id();
            assert_eq!(libc::syscall(libc::SYS_setresuid, user, -1, -1), 0);
        }
        assert_eq!(libc::syscall(libc::SYS_capget, header, sets_at), 0);
        sets[0] &= !(1 << IPC_LOCK);
        assert_eq!(libc::syscall(libc::SYS_capset, header, sets.as_ptr()), 0);
    }
}
