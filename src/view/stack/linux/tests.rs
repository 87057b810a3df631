//! Takes the stacks of threads that run, wait in the kernel, block the signal, or end.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::super::captured::{Captured, NoStack};
use super::super::{LIMIT, save};
use super::capture;
use crate::record::ThreadOf;
use crate::view::json::Json;

/// Longer than any answer takes, also on a busy machine.
const GENEROUS: Duration = Duration::from_secs(20);

/// What a captured stack must contain.
const MARK: u64 = 0x7a6f_6b69_6f5f_7374;

/// The calling thread.
fn this_thread() -> ThreadOf {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut length) = (null_mut(), 0);
    // SAFETY: the first call fills the attributes, the others read and release them.
    unsafe {
        let this = libc::pthread_self();
        assert_eq!(libc::pthread_getattr_np(this, attributes.as_mut_ptr()), 0);
        libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut length);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    ThreadOf {
        // SAFETY: gettid(2) has no preconditions.
        tid: unsafe { libc::syscall(libc::SYS_gettid) } as libc::pid_t,
        stack: start as usize..start as usize + length,
    }
}

/// Starts a thread that reports itself and where its mark is, and then calls `run`.
fn start<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> (ThreadOf, usize, thread::JoinHandle<T>) {
    let (reports, reported) = mpsc::channel();
    let joined = thread::spawn(move || {
        let mark = black_box(MARK);
        let at = from_ref(&mark) as usize;
        reports.send((this_thread(), at)).expect("the test waits");
        let value = run();
        black_box(&mark);
        value
    });
    let (thread, at) = reported.recv().expect("the thread reports");
    (thread, at, joined)
}

/// Waits until the thread sleeps in the kernel.
fn wait_until_it_sleeps(thread: &ThreadOf) {
    let deadline = Instant::now() + GENEROUS;
    let stat = format!("/proc/self/task/{}/stat", thread.tid);
    loop {
        let text = fs::read_to_string(&stat).expect("the thread is there");
        let (_, state) = text.rsplit_once(") ").expect("the name is in brackets");
        if state.starts_with('S') {
            return;
        }
        assert!(Instant::now() < deadline, "the thread does not sleep");
        thread::yield_now();
    }
}

/// The captured word at an address.
fn word_at(captured: &Captured, at: usize) -> Option<u64> {
    let from = at.checked_sub(captured.registers.sp())?;
    let bytes = captured.bytes.get(from..from + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().expect("eight bytes")))
}

fn register(captured: &Captured, name: &str) -> u64 {
    let mut named = captured.registers.named();
    named
        .find(|(other, _)| *other == name)
        .expect("it is known")
        .1
}

/// A captured stack is whole, begins at the stack pointer, and the instruction pointer is in code.
fn check(captured: &Captured, thread: &ThreadOf, mark: usize) {
    assert_eq!(captured.missing(), None);
    let sp = captured.registers.sp();
    assert_eq!(sp as u64, register(captured, "sp"));
    assert!(thread.stack.contains(&sp));
    assert_eq!(sp + captured.bytes.len(), thread.stack.end);
    check_mark(captured, thread, mark);
    let ip = register(captured, "ip");
    assert!(ranges_of_code().iter().any(|range| range.contains(&ip)));
}

/// The mark is at its place. AddressSanitizer keeps locals elsewhere than on the thread's stack.
fn check_mark(captured: &Captured, thread: &ThreadOf, mark: usize) {
    if thread.stack.contains(&mark) {
        assert_eq!(word_at(captured, mark), Some(MARK));
    }
}

fn ranges_of_code() -> Vec<Range<u64>> {
    let maps = fs::read_to_string("/proc/self/maps").expect("it is readable");
    let code = maps.lines().filter(|line| line.contains(" r-xp "));
    let number = |text| u64::from_str_radix(text, 16).expect("an address");
    code.map(|line| {
        let (range, _) = line.split_once(' ').expect("a range and more");
        let (start, end) = range.split_once('-').expect("two addresses");
        number(start)..number(end)
    })
    .collect()
}

/// A thread that is deep in a recursion, and computes there until it is told to stop.
fn dive(depth: usize, stop: &AtomicBool) -> usize {
    let mark = [black_box(MARK); 4];
    if depth == 0 {
        let mut rounds = 0_usize;
        while !stop.load(Ordering::Relaxed) {
            rounds = black_box(rounds.wrapping_add(1));
        }
        return rounds.max(1);
    }
    let deeper = dive(depth - 1, stop);
    black_box(&mark);
    deeper.saturating_add(1)
}

/// Starts a thread that computes `depth` calls deep, and a function that ends it.
fn busy(depth: usize) -> (ThreadOf, usize, impl FnOnce()) {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let (thread, mark, joined) = start(move || dive(depth, &seen));
    let end = move || {
        stop.store(true, Ordering::Relaxed);
        assert!(joined.join().expect("it does not panic") > depth);
    };
    (thread, mark, end)
}

#[test]
fn a_thread_that_computes_is_captured() {
    let (thread, mark, end) = busy(20);
    check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    end();
}

#[test]
fn a_deep_stack_is_captured_up_to_the_limit() {
    let (thread, _, end) = busy(4000);
    let marks = |captured: &Captured| {
        let words = captured.bytes.chunks_exact(8);
        words.filter(|word| **word == MARK.to_ne_bytes()).count()
    };
    // It may not have dived as deep at first.
    let deadline = Instant::now() + GENEROUS;
    let captured = loop {
        let captured = capture(&thread, GENEROUS).unwrap();
        if captured.bytes.len() == LIMIT {
            break captured;
        }
        assert!(Instant::now() < deadline);
    };
    assert!(captured.missing().unwrap().contains("deeper than 64 KiB"));
    assert!(marks(&captured) > 100);
    end();
}

#[test]
fn ten_thousand_requests_to_a_busy_thread_are_all_answered() {
    let (thread, mark, end) = busy(5);
    for _ in 0..10_000 {
        check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    }
    end();
}

#[test]
fn several_threads_may_ask_at_once() {
    let (thread, mark, end) = busy(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
                }
            });
        }
    });
    end();
}

#[test]
fn the_calling_thread_is_captured() {
    let thread = this_thread();
    let mark = black_box(MARK);
    let at = from_ref(&mark) as usize;
    check(&capture(&thread, GENEROUS).unwrap(), &thread, at);
    black_box(&mark);
}

#[test]
fn a_read_that_waits_is_begun_again() {
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    let (thread, mark, joined) = start(move || {
        let mut byte = [0];
        // One call, which `SA_RESTART` begins again.
        theirs.read(&mut byte).map(|count| (count, byte[0]))
    });
    for _ in 0..20 {
        wait_until_it_sleeps(&thread);
        check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    }
    ours.write_all(&[9]).unwrap();
    assert_eq!(joined.join().unwrap().unwrap(), (1, 9));
}

#[test]
fn a_sleep_of_std_is_not_cut_short() {
    let length = Duration::from_millis(300);
    let (thread, mark, joined) = start(move || {
        let begun = Instant::now();
        thread::sleep(length);
        begun.elapsed()
    });
    wait_until_it_sleeps(&thread);
    check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    assert!(joined.join().unwrap() >= length);
}

/// As the module's documentation lists it: nanosleep(2) is not begun again.
#[test]
fn a_bare_nanosleep_is_interrupted() {
    let (thread, mark, joined) = start(|| {
        let length = libc::timespec {
            tv_sec: 1000,
            tv_nsec: 0,
        };
        // SAFETY: the kernel reads a whole `timespec`.
        let slept = unsafe { libc::nanosleep(&length, null_mut()) };
        (slept, io::Error::last_os_error().raw_os_error())
    });
    // It may sleep elsewhere before it calls nanosleep(2).
    wait_until_it_sleeps(&thread);
    check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    let deadline = Instant::now() + GENEROUS;
    while !joined.is_finished() {
        assert!(Instant::now() < deadline);
        let _ = capture(&thread, Duration::from_millis(50));
    }
    assert_eq!(joined.join().unwrap(), (-1, Some(libc::EINTR)));
}

#[test]
#[cfg_attr(tsan, ignore = "the signal is held back")]
fn a_wait_for_a_futex_is_begun_again() {
    let word = Arc::new(AtomicU32::new(0));
    let seen = word.clone();
    let (thread, mark, joined) = start(move || {
        // SAFETY: the kernel compares a whole aligned word.
        let waited = unsafe {
            libc::syscall(
                libc::SYS_futex,
                seen.as_ptr(),
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                0,
                null_mut::<libc::timespec>(),
            )
        };
        (waited, seen.load(Ordering::Relaxed))
    });
    for _ in 0..20 {
        wait_until_it_sleeps(&thread);
        check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    }
    word.store(1, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe {
        let wake = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        libc::syscall(libc::SYS_futex, word.as_ptr(), wake, 1)
    };
    assert_eq!(joined.join().unwrap(), (0, 1));
}

#[test]
fn errno_is_kept() {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let (thread, _, joined) = start(move || {
        // SAFETY: the location of this thread's `errno` is valid while it runs.
        let errno = unsafe { libc::__errno_location() };
        let mut kept = true;
        while !seen.load(Ordering::Relaxed) {
            // SAFETY: as above. Volatile, because the handler would change it unseen.
            unsafe {
                errno.write_volatile(123);
                thread::yield_now();
                errno.write_volatile(123);
                for _ in 0..10_000 {
                    kept &= errno.read_volatile() == 123;
                }
            }
        }
        kept
    });
    for _ in 0..200 {
        capture(&thread, GENEROUS).unwrap();
        // The copy fails, too.
        let nowhere = ThreadOf {
            tid: thread.tid,
            stack: 0..0,
        };
        capture(&nowhere, GENEROUS).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(joined.join().unwrap());
}

#[test]
fn a_stack_that_is_not_the_thread_s_own_is_copied_as_far_as_it_is_mapped() {
    let (thread, mark, end) = busy(3);
    let elsewhere = ThreadOf {
        tid: thread.tid,
        stack: 0x1000..0x2000,
    };
    let captured = capture(&elsewhere, GENEROUS).unwrap();
    assert!(captured.missing().unwrap().contains("not its own"));
    check_mark(&captured, &thread, mark);
    end();
}

#[test]
fn a_thread_that_has_ended_is_reported() {
    let (thread, _, joined) = start(|| ());
    joined.join().unwrap();
    // The kernel may be a moment behind pthread_join(3).
    let deadline = Instant::now() + GENEROUS;
    while fs::exists(format!("/proc/self/task/{}", thread.tid)).unwrap() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    let error = capture(&thread, GENEROUS).unwrap_err();
    assert!(matches!(error, NoStack::Ended), "{error}");
}

#[test]
fn threads_that_end_while_they_are_asked_do_no_harm() {
    for _ in 0..300 {
        let (thread, _, joined) = start(|| ());
        match capture(&thread, Duration::from_millis(20)) {
            Ok(captured) => assert!(!captured.bytes.is_empty()),
            Err(NoStack::Ended | NoStack::NoAnswer(_)) => {}
            Err(other) => panic!("{other}"),
        }
        joined.join().unwrap();
    }
}

/// Blocks the signal in this thread, or no longer.
fn mask(how: libc::c_int) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first call fills the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGURG);
        assert_eq!(libc::pthread_sigmask(how, set.as_ptr(), null_mut()), 0);
    }
}

#[test]
#[cfg_attr(tsan, ignore = "the signal is held back")]
fn a_thread_that_blocks_the_signal_is_reported_and_its_late_answer_does_no_harm() {
    let (unblock, told) = mpsc::channel::<()>();
    let (unblocked, is_unblocked) = mpsc::channel();
    let (thread, mark, joined) = start(move || {
        mask(libc::SIG_BLOCK);
        told.recv().expect("the test tells");
        mask(libc::SIG_UNBLOCK);
        unblocked.send(()).expect("the test waits");
        told.recv().expect("the test tells");
    });
    wait_until_it_sleeps(&thread);
    for _ in 0..3 {
        let error = capture(&thread, Duration::from_millis(50)).unwrap_err();
        let NoStack::NoAnswer(why) = error else {
            panic!("{error}")
        };
        assert!(why.contains("blocks SIGURG"), "{why}");
    }
    // Others are answered in between.
    let (other, other_mark, end) = busy(2);
    check(&capture(&other, GENEROUS).unwrap(), &other, other_mark);
    unblock.send(()).unwrap();
    is_unblocked.recv().unwrap();
    check(&capture(&other, GENEROUS).unwrap(), &other, other_mark);
    end();
    check(&capture(&thread, GENEROUS).unwrap(), &thread, mark);
    unblock.send(()).unwrap();
    joined.join().unwrap();
}

#[test]
fn the_saved_answer_has_what_names_the_functions() {
    let (thread, _, end) = busy(2);
    let captured = capture(&thread, GENEROUS).unwrap();
    end();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stuck.json");
    fs::write(&path, "an older one").unwrap();
    let line = Json::line("stack", |json| json.object(|json| captured.fields(json)));
    save(&path, &line).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"stack\":{\"pid\":"));
    let hexadecimal: String = captured.bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert!(text.contains(&format!("\"stack\":\"{hexadecimal}\"")));
    let sp = format!("\"sp\":{},", captured.registers.sp());
    assert!(text.contains(&sp));
    let exe = std::env::current_exe().unwrap();
    assert!(text.contains(&format!("\"exe\":\"{}\"", exe.display())));
    assert!(text.contains(" r-xp ") && !text.contains(" rw-p "));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
