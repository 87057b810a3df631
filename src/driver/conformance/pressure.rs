//! Full queues, threads that exit, threads that are stuck.

use std::sync::mpsc;
use std::task::Context;
use std::thread;

use super::{LIMIT, Op, Rig, Which, on_every_backend, pipe, poll_in, write_to};
use crate::driver::probe::Kind;
use crate::util::local_worker::set_local_worker;

/// Far more submissions than the queue holds, none flushed by the submitter (I6).
fn submission_queue_full_on(which: Which) {
    let rig = Rig::with_entries(which, 2);
    let waiting: Vec<_> = rig.as_worker(|| (0..500).map(|_| rig.submit(Op::Nop)).collect());
    for one in waiting {
        rig.block_on(one).done().unwrap();
    }
}

/// Far more completions at once than the queue holds (I6).
fn completion_queue_overflow_on(which: Which) {
    let rig = Rig::with_entries(which, 2);
    let (reader, writer) = pipe();
    // The pool's eight threads could not hold more polls at a time.
    let count = if which == Which::Pool { 8 } else { 500 };
    let mut waiting: Vec<_> =
        rig.as_worker(|| (0..count).map(|_| rig.submit(poll_in(&reader))).collect());
    rig.completions.reap_all();
    assert!(waiting.iter_mut().all(|one| rig.is_pending(one)));
    write_to(&writer, b"x");
    for one in waiting {
        rig.block_on(one).polled().unwrap();
    }
    assert_eq!(rig.completions.in_flight(), 0);
}

mod full {
    use super::{Which, completion_queue_overflow_on, submission_queue_full_on};

    #[test]
    fn submission_queue_ring() {
        submission_queue_full_on(Which::Ring);
    }

    #[test]
    fn submission_queue_pool() {
        submission_queue_full_on(Which::Pool);
    }

    #[test]
    fn completion_queue_ring() {
        completion_queue_overflow_on(Which::Ring);
    }

    #[test]
    fn completion_queue_pool() {
        completion_queue_overflow_on(Which::Pool);
    }
}

/// What completes while it is being handed over counts: a caller that is about to sleep must learn
/// that it woke somebody.
fn flushing_counts(rig: &Rig) {
    let waiting = rig.as_worker(|| rig.submit(Op::Nop));
    if rig.completions.backend().kind == Kind::Uring {
        assert_eq!(rig.completions.reap_all(), 1);
    }
    assert_eq!(rig.completions.reap_all(), 0);
    rig.block_on(waiting).done().unwrap();
}

/// The kernel cancels what an exiting thread submitted; the user never learns of it (I5).
fn submitter_exits(rig: &Rig) {
    let (reader, writer) = pipe();
    for worker in [None, Some(1)] {
        let waiting = thread::scope(|scope| {
            let submitter = scope.spawn(|| {
                set_local_worker(worker);
                if let Some(worker) = worker {
                    rig.completions.flush(worker);
                }
                let waiting = rig.submit(poll_in(&reader));
                if let Some(worker) = worker {
                    rig.completions.flush(worker);
                }
                waiting
            });
            submitter.join().unwrap()
        });
        let mut waiting = waiting;
        assert!(rig.is_pending(&mut waiting));
        rig.completions.reap_all();
        assert!(rig.is_pending(&mut waiting));
        write_to(&writer, b"x");
        rig.block_on(waiting).polled().unwrap();
        let byte = rig.run(super::read(&reader, 1));
        assert_eq!(byte.transferred().0.unwrap(), 1);
    }
}

/// The owner of a ring never comes back to it: others flush and reap it.
fn owner_is_stuck(rig: &Rig) {
    let (reader, writer) = pipe();
    let (send, receive) = mpsc::channel();
    let (release, stuck) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let reader = &reader;
        scope.spawn(move || {
            rig.as_worker(|| {
                let flushed = rig.submit(poll_in(reader));
                rig.completions.flush(0);
                let queued = rig.submit(poll_in(reader));
                send.send((flushed, queued)).unwrap();
                stuck.recv_timeout(LIMIT).unwrap();
            });
        });
        let (flushed, queued) = receive.recv().unwrap();
        write_to(&writer, b"x");
        rig.block_on(flushed).polled().unwrap();
        rig.block_on(queued).polled().unwrap();
        release.send(()).unwrap();
    });
}

/// A sleeper is woken by a completion on a ring that another thread submits to meanwhile.
fn sleeper_is_woken(rig: &Rig) {
    let (reader, writer) = pipe();
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        let (reader, writer) = (&reader, &writer);
        for round in 0..200 {
            let send = send.clone();
            scope.spawn(move || {
                let mut waiting = rig.submit(poll_in(reader));
                assert!(rig.is_pending(&mut waiting));
                send.send(waiting).unwrap();
                // The submitter sleeps on while the completion comes.
                write_to(writer, b"x");
                thread::park_timeout(std::time::Duration::from_micros(round));
            });
            let waiting = receive.recv().unwrap();
            rig.block_on(waiting).polled().unwrap();
            let byte = rig.run(super::read(reader, 1));
            assert_eq!(byte.transferred().0.unwrap(), 1);
        }
    });
}

/// Two threads use the same rig without order.
fn many_threads(rig: &Rig) {
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for round in 0..300 {
                    let (reader, writer) = pipe();
                    let mut waiting = rig.submit(super::read(&reader, 8));
                    if round % 3 == 0 {
                        let _ = rig.is_pending(&mut waiting);
                    }
                    write_to(&writer, b"abc");
                    if round % 5 == 0 {
                        drop(waiting);
                        continue;
                    }
                    let until = std::time::Instant::now() + LIMIT;
                    loop {
                        let waker = rig.waker();
                        let mut cx = Context::from_waker(&waker);
                        if let std::task::Poll::Ready(done) = waiting.poll(&mut cx) {
                            assert_eq!(done.transferred().0.unwrap(), 3);
                            break;
                        }
                        rig.completions.reap_all();
                        thread::yield_now();
                        assert!(std::time::Instant::now() < until);
                    }
                }
            });
        }
    });
    rig.until(|| rig.completions.in_flight() == 0);
}

on_every_backend!(
    flushing_counts,
    submitter_exits,
    owner_is_stuck,
    sleeper_is_woken,
    many_threads
);
