//! A filter of system calls, as the one of a container (seccomp(2)).
#![allow(dead_code)]

use std::io;

/// Makes these system calls fail with `errno`, on this thread and on all that it starts from here on.
pub fn refuse(calls: &[libc::c_long], errno: i32) {
    install(calls, errno, 0);
}

/// [`refuse`] for all threads of the process.
pub fn refuse_everywhere(calls: &[libc::c_long], errno: i32) {
    install(calls, errno, libc::SECCOMP_FILTER_FLAG_TSYNC);
}

fn install(calls: &[libc::c_long], errno: i32, flags: libc::c_ulong) {
    let step = |code: u32, jt: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt,
        jf: 0,
        k,
    };
    // Load the number; jump to the refusal at the end for each of the calls.
    let mut filter = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
    for (index, call) in calls.iter().enumerate() {
        let to_the_end = u8::try_from(calls.len() - index).unwrap();
        let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        filter.push(step(equal, to_the_end, u32::try_from(*call).unwrap()));
    }
    let end = libc::BPF_RET | libc::BPF_K;
    filter.push(step(end, 0, libc::SECCOMP_RET_ALLOW));
    let errno = u32::try_from(errno).unwrap();
    filter.push(step(end, 0, libc::SECCOMP_RET_ERRNO | errno));
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap(),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: prctl(2) takes no pointer here.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(result, 0);
    // SAFETY: the program and its filter live across the call.
    let result = unsafe {
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program)
    };
    let error = io::Error::last_os_error();
    if result != 0 && std::env::var_os("ZOKIO_TEST_SCENARIO").is_some() {
        // As `apart::skip`: qemu-user, for one, has no such call.
        eprintln!("skipped: calls cannot be filtered: {error}");
        std::process::exit(77);
    }
    assert_eq!(result, 0, "calls cannot be filtered: {error}");
}
