//! `SIGURG`: installing a handler in front of the one that is there, sending it to a thread, and
//! waiting for the word that the handler changes.

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::{from_ref, null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use libc::{c_int, c_void, pid_t, siginfo_t};

use crate::loom::sync::atomic::AtomicU32;

/// The signal; see the module's documentation for why.
pub(super) const SIGNAL: c_int = libc::SIGURG;

/// A handler with `SA_SIGINFO`.
pub(super) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// What to call for the signals of others. Written by the thread that installs the handler, read by
/// every handler. What it points to is never freed, because a handler may be in the middle of it.
static PREVIOUS: AtomicPtr<Previous> = AtomicPtr::new(null_mut());

/// The handler that was there before.
struct Previous {
    action: libc::sigaction,
    /// Whether it was called, so that one with `SA_RESETHAND` is called once.
    called: AtomicBool,
    /// What was called before that, which keeps it reachable for a leak checker.
    _older: AtomicPtr<Previous>,
}

impl Previous {
    fn keep(action: libc::sigaction) {
        let previous = Box::new(Previous {
            action,
            called: AtomicBool::new(false),
            _older: AtomicPtr::new(PREVIOUS.load(Ordering::Acquire)),
        });
        PREVIOUS.store(Box::into_raw(previous), Ordering::Release);
    }
}

/// Installs `handler`, unless it is installed or another one was installed over it since, which is
/// expected to pass signals on. Nothing else may call this at the same time.
///
/// # Errors
///
/// Returns an error if the handler cannot be installed; see sigaction(2).
pub(super) fn install(handler: Handler) -> io::Result<()> {
    let found = action()?;
    let ours = handler as usize;
    let is_plain = matches!(found.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN);
    let was_installed = !PREVIOUS.load(Ordering::Acquire).is_null();
    if found.sa_sigaction == ours || (was_installed && !is_plain) {
        return Ok(());
    }
    // Kept first: a signal of others may arrive as soon as the handler is there.
    Previous::keep(found);
    // SAFETY: an all-zero `sigaction` is a valid value of this plain structure.
    let mut new: libc::sigaction = unsafe { zeroed() };
    new.sa_sigaction = ours;
    new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // On the stack where the former handler would run, which this one may call.
    if is_plain || found.sa_flags & libc::SA_ONSTACK != 0 {
        new.sa_flags |= libc::SA_ONSTACK;
    }
    // A handler that interrupted this one would be on the alternate stack as well, which may be
    // smaller than what it needs and than where it expects to be.
    // SAFETY: the set is a whole one, and is filled.
    unsafe { libc::sigfillset(&mut new.sa_mask) };
    // SAFETY: both are whole structures. The handler is async-signal-safe (`handler.rs`).
    let mut replaced: libc::sigaction = unsafe { zeroed() };
    // SAFETY: as above.
    if unsafe { libc::sigaction(SIGNAL, &new, &mut replaced) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // Another thread may have installed one in between.
    if replaced.sa_sigaction != found.sa_sigaction {
        Previous::keep(replaced);
    }
    Ok(())
}

/// Returns what is done for the signal now.
fn action() -> io::Result<libc::sigaction> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with no new action, sigaction(2) only writes the present one to a whole structure.
    if unsafe { libc::sigaction(SIGNAL, null(), action.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, and an all-zero value would be valid as well.
    Ok(unsafe { action.assume_init() })
}

/// Passes a signal on to the handler that was there before. It is async-signal-safe as far as that
/// handler is.
///
/// # Safety
///
/// The arguments are those with which the kernel called a handler of the signal.
pub(super) unsafe fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the pointer is null or from `Box::into_raw` in `keep`, and never freed.
    let Some(previous) = (unsafe { PREVIOUS.load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    let action = &previous.action;
    // By default the signal is ignored: signal(7).
    if matches!(action.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
        return;
    }
    let called = previous.called.swap(true, Ordering::Relaxed);
    if called && action.sa_flags & libc::SA_RESETHAND != 0 {
        return;
    }
    // SAFETY: the kernel passes the interrupted context as a whole `ucontext_t`.
    if let Some(context) = unsafe { context.cast::<libc::ucontext_t>().as_ref() } {
        mask_as_for(action, &context.uc_sigmask);
    }
    if action.sa_flags & libc::SA_SIGINFO != 0 {
        // SAFETY: by `SA_SIGINFO` the kernel would call this address with the same three arguments:
        // sigaction(2).
        let handler: Handler = unsafe { std::mem::transmute(action.sa_sigaction) };
        handler(signal, info, context);
    } else {
        // SAFETY: without `SA_SIGINFO` the kernel would call this address with the signal alone.
        let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(action.sa_sigaction) };
        handler(signal);
    }
}

/// Blocks the signals that the kernel would have blocked for a handler, beside `interrupted`, which it
/// restores in the end. It is async-signal-safe: pthread_sigmask(3) is.
fn mask_as_for(action: &libc::sigaction, interrupted: &libc::sigset_t) {
    let mut mask = *interrupted;
    // SAFETY: the sets are whole and initialized. A number that is none is in no set, and is refused.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            if libc::sigismember(&action.sa_mask, signal) == 1 {
                libc::sigaddset(&mut mask, signal);
            }
        }
        if action.sa_flags & libc::SA_NODEFER == 0 {
            libc::sigaddset(&mut mask, SIGNAL);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &mask, null_mut());
    }
}

/// A `siginfo_t` with the members that a queued signal has.
#[repr(C)]
struct Queued {
    signal: c_int,
    error: c_int,
    code: c_int,
    /// The kernel's union of the rest is aligned for pointers.
    _padding: c_int,
    process: pid_t,
    user: libc::uid_t,
    value: *const c_void,
    _rest: [u64; 12],
}

const _: () = assert!(size_of::<Queued>() == size_of::<siginfo_t>());

/// Sends the signal with `value` to a thread of this process.
///
/// # Errors
///
/// Returns an error if there is no such thread (`ESRCH`), or if a filter refuses the call.
pub(super) fn send(thread: pid_t, value: *const c_void) -> io::Result<()> {
    // SAFETY: these have no preconditions.
    let (process, user) = unsafe { (libc::getpid(), libc::getuid()) };
    let info = Queued {
        signal: SIGNAL,
        error: 0,
        code: libc::SI_QUEUE,
        _padding: 0,
        process,
        user,
        value,
        _rest: [0; 12],
    };
    // SAFETY: the kernel reads a `siginfo_t`, whose layout for a queued signal `Queued` has on each
    // 64-bit architecture with registers: sigaction(2), asm-generic/siginfo.h.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            process,
            thread,
            SIGNAL,
            from_ref(&info),
        )
    };
    if sent != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Returns whether the signal was sent by [`send`] with `value`.
pub(super) fn was_sent_with(info: &siginfo_t, value: *const c_void) -> bool {
    // SAFETY: a signal with the code `SI_QUEUE` has a value: sigaction(2).
    info.si_code == libc::SI_QUEUE && unsafe { info.si_value() }.sival_ptr.cast_const() == value
}

/// Waits until `word` is no longer `expected`, it was woken, a signal came, or `limit` is over.
pub(super) fn wait(word: &AtomicU32, expected: u32, limit: Duration) {
    let limit = libc::timespec {
        tv_sec: limit.as_secs().min(3600) as _,
        tv_nsec: limit.subsec_nanos() as libc::c_long,
    };
    // SAFETY: the kernel compares a whole aligned word, which outlives the call; futex(2). All ways
    // in which the call returns are those that the documentation lists.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            from_ref(word).cast::<u32>(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            expected,
            from_ref(&limit),
        )
    };
}

/// Wakes the thread that waits for `word` to change. It is async-signal-safe, but changes `errno`.
pub(super) fn wake(word: &AtomicU32) {
    // SAFETY: the kernel uses only the address of the word; futex(2).
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            from_ref(word).cast::<u32>(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            1,
        )
    };
}
