//! A kernel that refuses io_uring to the thread that would use it.

use std::sync::Arc;

use super::forbidden::{forbid, on_a_thread};
use super::{Rig, Which, pipe, read, read_at, write_to};
use crate::driver::backend::BackendKind;
use crate::driver::completion::batch::Batch;

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
            let by_threads = errno == libc::EPERM || rig.which == Which::Threads;
            let backend = rig.completions.backend();
            assert_eq!(
                backend.kind == BackendKind::Threads,
                by_threads,
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
