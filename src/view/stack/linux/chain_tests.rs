//! Signals of others reach the handlers of others. Each case runs in a process of its own, because
//! the first request installs the handler for good.

use std::mem::{MaybeUninit, zeroed};
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{capture, signal};
use crate::record::ThreadOf;

/// Names the case to run.
const CASE: &str = "ZOKIO_TEST_CHAIN";

/// How often a handler was called, and the value that it saw.
static CALLS: AtomicUsize = AtomicUsize::new(0);
static VALUE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn plain(signal: libc::c_int) {
    assert_eq!(signal, libc::SIGURG);
    CALLS.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn informed(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    assert_eq!(signal, libc::SIGURG);
    assert!(!context.is_null());
    // SAFETY: the kernel's `siginfo_t` of a queued signal.
    let value = unsafe { (*info).si_value() };
    VALUE.store(value.sival_ptr as usize, Ordering::SeqCst);
    CALLS.fetch_add(1, Ordering::SeqCst);
}

/// A handler's address and the flags it is installed with.
fn set(handler: usize, flags: libc::c_int) {
    // SAFETY: a whole `sigaction` with a valid handler.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        assert_eq!(libc::sigaction(libc::SIGURG, &action, null_mut()), 0);
    }
}

/// Sends the signal to this thread with a value, as another part of the program may.
fn send(value: usize) {
    signal::send(this_thread(), value as *const libc::c_void).expect("the thread is there");
}

fn this_thread() -> libc::pid_t {
    // SAFETY: gettid(2) has no preconditions.
    unsafe { libc::syscall(libc::SYS_gettid) as libc::pid_t }
}

fn request() {
    let thread = ThreadOf {
        tid: this_thread(),
        stack: 0..0,
    };
    let captured = capture(&thread, Duration::from_secs(20)).expect("it answers");
    assert!(!captured.bytes.is_empty());
}

fn calls() -> usize {
    CALLS.load(Ordering::SeqCst)
}

/// Runs the case in a child process, whose only test is this one.
fn in_a_process_of_its_own(case: &str, run: impl FnOnce()) {
    if std::env::var_os(CASE).is_some() {
        return run();
    }
    let exe = std::env::current_exe().expect("this program has a path");
    let name = format!("view::stack::linux::chain_tests::{case}");
    let output = Command::new(exe)
        .args(["--exact", &name, "--test-threads=1"])
        .env(CASE, "1")
        .output()
        .expect("this program can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{} {text}", output.status);
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn by_default_signals_of_others_are_ignored() {
    in_a_process_of_its_own("by_default_signals_of_others_are_ignored", || {
        send(1);
        request();
        send(2);
        request();
    });
}

#[test]
fn what_was_ignored_is_ignored() {
    in_a_process_of_its_own("what_was_ignored_is_ignored", || {
        set(libc::SIG_IGN, 0);
        request();
        send(2);
        request();
    });
}

#[test]
fn a_handler_without_information_is_called() {
    in_a_process_of_its_own("a_handler_without_information_is_called", || {
        set(plain as *const () as usize, 0);
        request();
        assert_eq!(calls(), 0);
        send(2);
        send(3);
        assert_eq!(calls(), 2);
        request();
        assert_eq!(calls(), 2);
    });
}

#[test]
fn a_handler_with_information_sees_it() {
    in_a_process_of_its_own("a_handler_with_information_sees_it", || {
        set(informed as *const () as usize, libc::SA_SIGINFO);
        request();
        send(42);
        assert_eq!((calls(), VALUE.load(Ordering::SeqCst)), (1, 42));
        request();
        assert_eq!(calls(), 1);
    });
}

#[test]
fn a_handler_for_one_signal_is_called_once() {
    in_a_process_of_its_own("a_handler_for_one_signal_is_called_once", || {
        set(plain as *const () as usize, libc::SA_RESETHAND);
        request();
        send(1);
        send(2);
        assert_eq!(calls(), 1);
    });
}

#[test]
fn a_handler_that_is_put_back_to_the_default_is_installed_again() {
    in_a_process_of_its_own(
        "a_handler_that_is_put_back_to_the_default_is_installed_again",
        || {
            request();
            set(libc::SIG_DFL, 0);
            request();
            send(1);
        },
    );
}

/// Calls of a handler on the thread's own stack, and on the alternate one.
static ON_ITS_OWN: AtomicUsize = AtomicUsize::new(0);
static ON_THE_ALTERNATE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn notes_its_stack(_signal: libc::c_int) {
    // SAFETY: an all-zero `stack_t` is a valid value, and the call only writes to it.
    let stack = unsafe {
        let mut stack: libc::stack_t = zeroed();
        libc::sigaltstack(null(), &mut stack);
        stack
    };
    let calls = match stack.ss_flags & libc::SS_ONSTACK {
        0 => &ON_ITS_OWN,
        _ => &ON_THE_ALTERNATE,
    };
    calls.fetch_add(1, Ordering::SeqCst);
}

/// Blocks or unblocks `SIGURG` and `SIGPROF` in this thread.
fn mask(how: libc::c_int) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first call fills the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGURG);
        libc::sigaddset(set.as_mut_ptr(), libc::SIGPROF);
        assert_eq!(libc::pthread_sigmask(how, set.as_ptr(), null_mut()), 0);
    }
}

fn is_pending(signal: libc::c_int) -> bool {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the call fills the set.
    unsafe {
        assert_eq!(libc::sigpending(set.as_mut_ptr()), 0);
        libc::sigismember(set.as_ptr(), signal) == 1
    }
}

/// That of a profiler, for one, which may need more than the small alternate stack has.
#[test]
fn another_handler_does_not_run_on_the_stack_of_this_one() {
    in_a_process_of_its_own(
        "another_handler_does_not_run_on_the_stack_of_this_one",
        || {
            request();
            let handler = notes_its_stack as extern "C" fn(libc::c_int);
            // SAFETY: a whole `sigaction` with a valid handler.
            unsafe {
                let mut action: libc::sigaction = zeroed();
                action.sa_sigaction = handler as usize;
                assert_eq!(libc::sigaction(libc::SIGPROF, &action, null_mut()), 0);
            }
            let thread = ThreadOf {
                tid: this_thread(),
                stack: 0..0,
            };
            mask(libc::SIG_BLOCK);
            std::thread::scope(|scope| {
                let asked = scope.spawn(|| capture(&thread, Duration::from_secs(20)));
                while !is_pending(libc::SIGURG) {
                    std::thread::yield_now();
                }
                // SAFETY: raise(3) sends to this thread.
                assert_eq!(unsafe { libc::raise(libc::SIGPROF) }, 0);
                // Of two signals, the kernel begins with the one of the lower number.
                mask(libc::SIG_UNBLOCK);
                assert!(asked.join().unwrap().is_ok());
            });
            let calls = [&ON_ITS_OWN, &ON_THE_ALTERNATE].map(|it| it.load(Ordering::SeqCst));
            assert_eq!(calls, [1, 0]);
        },
    );
}

#[cfg(feature = "signal")]
mod with_listeners {
    use super::{in_a_process_of_its_own, request, send};
    use crate::runtime::Builder;
    use crate::signal::unix::{SignalKind, signal};
    use crate::time::timeout;
    use std::time::Duration;

    fn with_a_listener(first: impl FnOnce(), then: impl FnOnce()) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            first();
            let mut listener = signal(SignalKind::from_raw(libc::SIGURG)).unwrap();
            then();
            send(5);
            let received = timeout(Duration::from_secs(20), listener.recv()).await;
            assert_eq!(received, Ok(Some(())));
            request();
        });
    }

    #[test]
    fn a_listener_from_before_sees_the_signals_of_others_only() {
        in_a_process_of_its_own(
            "with_listeners::a_listener_from_before_sees_the_signals_of_others_only",
            || {
                with_a_listener(|| (), request);
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut listener = signal(SignalKind::from_raw(libc::SIGURG)).unwrap();
                    request();
                    let short = Duration::from_millis(50);
                    assert!(timeout(short, listener.recv()).await.is_err());
                });
            },
        );
    }

    #[test]
    fn a_listener_from_later_lets_requests_pass() {
        in_a_process_of_its_own(
            "with_listeners::a_listener_from_later_lets_requests_pass",
            || with_a_listener(request, || ()),
        );
    }
}
