//! System calls that fail, as under the filter of a container (seccomp(2)).

use std::thread;

/// Makes `call` fail with `errno` from now on, on this thread and on those it starts.
pub(in crate::driver) fn forbid(call: libc::c_long, errno: i32) {
    forbid_from(call, errno, 0);
}

/// Like [`forbid`], for calls whose second argument is `least` or more.
pub(in crate::driver) fn forbid_from(call: libc::c_long, errno: i32, least: u32) {
    let instruction = |code: u32, skip_true, skip_false, k| libc::sock_filter {
        code: code as u16,
        jt: skip_true,
        jf: skip_false,
        k,
    };
    let mut filter = [
        // The number of the call is the first word of `seccomp_data` (seccomp(2)).
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            0,
            3,
            call as u32,
        ),
        // The second argument, of which this is the lower half.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 24),
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, least),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | errno as u32,
        ),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program is whole and outlives the calls.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        assert_eq!(
            libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program),
            0
        );
    }
}

/// Runs `body` on a thread of its own, with which the filters end that it installs.
pub(in crate::driver) fn on_a_thread(body: impl FnOnce() + Send) {
    thread::scope(|scope| {
        if let Err(panic) = scope.spawn(body).join() {
            std::panic::resume_unwind(panic);
        }
    });
}
