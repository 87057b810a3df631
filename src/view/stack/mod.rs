//! Takes the stack of one thread while it runs, by a signal and without stopping the process.
//!
//! [`capture()`] copies the registers of a thread and up to [`LIMIT`] bytes of its stack. Nothing here
//! unwinds or looks up a symbol: what it returns is raw, and the program that shows it does the rest.
//! Read `linux/mod.rs` next.
//!
//! # The signal
//!
//! It is `SIGURG`, sent with rt_tgsigqueueinfo(2) to the one thread, with the address of the request
//! as its value. The handler answers a signal that has this value and leaves every other to the
//! handler that was there before. The reasons:
//!
//! - Its default is to be ignored. A signal that arrives when a program has put back the default
//!   does no harm, where a real-time signal, `SIGUSR1` or `SIGPROF` would end the process.
//! - The kernel sends it only for urgent data of a socket whose owner was set (`F_SETOWN`), and then
//!   to programs that look at the socket to see whether it is so. Debuggers pass it on by default,
//!   and neither glibc nor musl uses it. Go chose it for the same purpose.
//! - It is not queued: if a thread has one pending, a second is dropped. So a thread that blocks it
//!   collects one, however often it is asked for its stack. A request that meets one of another
//!   sender is lost, and ends without an answer.
//!
//! The handler is installed by the first request, with `SA_RESTART`, and stays. It runs on the
//! alternate stack, unless a handler was there before that did not, and all signals are held back for
//! as long as it runs: another handler on top of it might need more than that stack has.
//! A process that is never asked keeps its handlers as they are. A handler that is installed later,
//! such as that of `signal::unix` for `SIGURG`, gets the signals of requests as well. If it passes
//! signals on, as that one does, the request is answered and the listener sees one `SIGURG` more
//! for each request; if it does not, requests end without an answer.
//!
//! # What the thread notices
//!
//! A system call that waits is interrupted and, by `SA_RESTART`, begun again. Some are not begun
//! again whatever the flags are, and fail with `EINTR` (signal(7)): nanosleep(2),
//! clock_nanosleep(2) and usleep(3), of which sleep(3) returns the rest of its time; poll(2),
//! ppoll(2), select(2), pselect(2), epoll_wait(2), epoll_pwait(2); pause(2), sigsuspend(2),
//! sigtimedwait(2), sigwaitinfo(2); msgrcv(2), msgsnd(2), semop(2), semtimedop(2); io_getevents(2);
//! calls on a socket with a time-out set by `SO_RCVTIMEO` or `SO_SNDTIMEO`. io_uring_enter(2)
//! belongs to them. `std` and mio begin them again where a caller expects it: `thread::sleep`
//! sleeps for its whole time. Code that calls them by itself has to expect `EINTR`, as from any
//! signal that has a handler.
//!
//! # When there is no answer
//!
//! - The thread blocks the signal, or does not return from the kernel (uninterruptible sleep, a stop
//!   by a debugger, a frozen cgroup). [`NoAnswer`](captured::NoStack::NoAnswer) reports which, as far
//!   as `/proc/self/task` shows it. The signal stays pending. The request and its buffer live as long
//!   as the process, so an answer that comes late writes to valid memory.
//! - The thread has ended, or ends before the signal reaches it.
//! - A filter (seccomp) refuses to send the signal. If it only refuses process_vm_readv(2), there are
//!   registers without a stack.
//!
//! A thread on a stack other than its own (a coroutine, the alternate stack of a handler) is
//! answered with what is mapped above its stack pointer, which
//! [`missing`](captured::Captured::missing) reports.
//!
//! # Other systems
//!
//! The registers of x86-64 and aarch64 are known, as 64-bit Linux saves them. Elsewhere `capture`
//! returns an error.
//!
//! # Sanitizers
//!
//! The kernel copies the stack, so AddressSanitizer sees no access to its red zones.
//! ThreadSanitizer holds a signal back until the thread calls a function that it intercepts, so that
//! a thread in a loop of its own, or in a wait for a futex, does not answer. The tests that wait for
//! such an answer are left out there.

mod answer;
mod captured;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod elsewhere;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod linux;

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
use elsewhere as system;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
use linux as system;

pub(crate) use answer::save;
pub(crate) use system::capture;

/// The most bytes of a stack that are copied.
pub(crate) const LIMIT: usize = 64 << 10;
