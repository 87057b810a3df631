//! A kernel that refuses io_uring, from the start or later.

use std::sync::Arc;
use std::thread;

use super::{Rig, Which, pipe, read, read_at, write_to};
use crate::driver::backend::BackendKind;
use crate::driver::completion::batch::Batch;
use crate::driver::completion::probe::try_out;

/// Makes `call` fail with `errno` from now on, on this thread and on those it starts.
pub(super) fn forbid(call: libc::c_long, errno: i32) {
    forbid_from(call, errno, 0);
}

/// Like [`forbid`], for calls whose second argument is `least` or more.
pub(super) fn forbid_from(call: libc::c_long, errno: i32, least: u32) {
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

fn on_a_thread(body: impl FnOnce() + Send) {
    thread::scope(|scope| {
        if let Err(panic) = scope.spawn(body).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn a_refused_setup_is_explained() {
    for errno in [libc::EPERM, libc::ENOSYS] {
        on_a_thread(|| {
            forbid(libc::SYS_io_uring_setup, errno);
            let refusal = try_out().unwrap_err().to_string();
            assert!(refusal.starts_with("io_uring_setup"), "{refusal}");
            let by_sysctl = refusal.contains("kernel.io_uring_disabled");
            assert!(by_sysctl || refusal.contains("seccomp"), "{refusal}");
        });
    }
}

#[test]
fn a_refused_enter_is_explained() {
    on_a_thread(|| {
        forbid(libc::SYS_io_uring_enter, libc::EACCES);
        let refusal = try_out().unwrap_err().to_string();
        assert!(
            refusal.contains("seccomp") || refusal.contains("sysctl"),
            "{refusal}"
        );
    });
}

/// Neither what a ring needs besides itself, for good or for now.
#[test]
fn what_a_ring_needs_is_refused() {
    let needed = [
        (libc::SYS_io_uring_register, libc::EPERM, "seccomp"),
        (libc::SYS_pipe2, libc::EMFILE, "no file descriptors"),
        (libc::SYS_pipe2, libc::ENFILE, "no file descriptors"),
    ];
    for (call, errno, likely) in needed {
        on_a_thread(|| {
            forbid(call, errno);
            let refusal = try_out().unwrap_err().to_string();
            let by_sysctl = refusal.contains("kernel.io_uring_disabled");
            assert!(by_sysctl || refusal.contains(likely), "{refusal}");
        });
    }
}

/// When the ring's thread may not make a ring, other threads do the work. (The first operation
/// starts the ring's thread, which inherits the filter.)
#[test]
fn a_ring_that_cannot_be_made() {
    for errno in [libc::ENOMEM, libc::EPERM] {
        on_a_thread(|| {
            let rig = Rig::new(Which::Ring);
            forbid(libc::SYS_io_uring_setup, errno);
            for _ in 0..3 {
                let (reader, writer) = pipe();
                let mut waiting = rig.submit(read(&reader, 16));
                assert!(rig.is_pending(&mut waiting));
                write_to(&writer, b"abc");
                assert_eq!(rig.block_on(waiting).transferred().0.unwrap(), 3);
            }
            let for_good = errno == libc::EPERM;
            let backend = rig.completions.backend();
            assert_eq!(
                backend.kind == BackendKind::Threads,
                for_good,
                "{}",
                backend.reason
            );
            // The same for operations that are handed over together.
            let file = Arc::new(rig.file(b"hello"));
            let mut batch = Batch::default();
            let reads: Vec<_> = (0..3)
                .map(|_| rig.completions.submit_in(read_at(&file, 0), &mut batch).0)
                .collect();
            drop(batch);
            for read in reads {
                assert_eq!(rig.block_on(read).transferred().1, b"hello");
            }
        });
    }
}

/// A ring that may be made but not entered, or for which there is never memory: threads do what was
/// queued. What the ring's thread had taken over without having an entry for it was once lost, when
/// it was more than a ring holds.
#[test]
fn a_ring_that_is_not_served() {
    for (entries, errno) in [
        (4, libc::EPERM),
        (128, libc::EPERM),
        (4, libc::ENOMEM),
        (128, libc::EBUSY),
    ] {
        on_a_thread(|| {
            let rig = Rig::with_entries(Which::Ring, entries);
            forbid(libc::SYS_io_uring_enter, errno);
            let file = Arc::new(rig.file(b"hello world"));
            let (reader, writer) = pipe();
            let first = rig.submit(read(&reader, 1));
            let others: Vec<_> = (0..300).map(|_| rig.submit(read_at(&file, 6))).collect();
            write_to(&writer, b"x");
            assert_eq!(rig.block_on(first).transferred().1, b"x");
            for other in others {
                let (count, buffer) = rig.block_on(other).transferred();
                assert_eq!((count.unwrap(), buffer), (5, b"world".to_vec()));
            }
        });
    }
}
