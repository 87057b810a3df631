//! The system calls that `std` has no name for, behind safe functions.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// Takes an exclusive lock of a file, which lasts until the file is closed. Calls `blocked` first if
/// another process has it and there is a wait.
pub fn lock(file: &File, blocked: impl FnOnce()) -> io::Result<()> {
    // SAFETY: `flock` reads the descriptor only, and `file` keeps it open during the call.
    let lock = |how| retry(|| unsafe { libc::flock(file.as_raw_fd(), how) });
    match lock(libc::LOCK_EX | libc::LOCK_NB) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            blocked();
            lock(libc::LOCK_EX)
        }
        outcome => outcome,
    }
}

/// Waits for a child to end and returns what the kernel counted for it.
///
/// Takes the child, so that it cannot have been waited for, and its number cannot be another's.
pub fn wait(child: Child) -> io::Result<(ExitStatus, libc::rusage)> {
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for writes during the call, and the kernel keeps neither.
    retry(|| unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) })?;
    // SAFETY: all-zero bytes, and what the kernel wrote over them, are a valid `rusage`: it consists of
    // integers.
    Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }))
}

/// The signals that ask a program to end, held back from this thread while this exists.
///
/// Dropping it delivers those that came in between. Children start without any held back.
pub struct HeldSignals {
    before: libc::sigset_t,
    held: libc::sigset_t,
}

/// Holds back SIGHUP, SIGINT and SIGTERM, except those that the program was started to ignore.
pub fn hold_signals() -> io::Result<HeldSignals> {
    let (mut held, mut before) = (empty_set(), empty_set());
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the pointer is valid for writes during the call, which changes no action.
        retry(|| unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) })?;
        // SAFETY: all-zero bytes, and what the kernel wrote over them, are a valid `sigaction`: its one
        // function pointer is an `Option`.
        if unsafe { action.assume_init() }.sa_sigaction != libc::SIG_IGN {
            // SAFETY: `held` is a set that `sigemptyset` has initialized, and this thread's alone.
            unsafe { libc::sigaddset(&mut held, signal) };
        }
    }
    // SAFETY: both are initialized sets, and the kernel keeps neither pointer.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &held, &mut before) } {
        0 => Ok(HeldSignals { before, held }),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

impl HeldSignals {
    /// Returns true if one of them waits to be delivered.
    pub fn arrived(&self) -> bool {
        let mut pending = empty_set();
        // SAFETY: `pending` is valid for writes during the call.
        if unsafe { libc::sigpending(&mut pending) } != 0 {
            return false;
        }
        let signals = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM];
        // SAFETY: both sets are initialized, and only read.
        let is_in = |set, signal| unsafe { libc::sigismember(set, signal) == 1 };
        signals
            .iter()
            .any(|signal| is_in(&self.held, *signal) && is_in(&pending, *signal))
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        // SAFETY: `before` is the set that the kernel wrote; the third pointer may be null.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut()) };
    }
}

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::zeroed();
    // SAFETY: the pointer is valid for writes during the call.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: `sigemptyset` has initialized it; it cannot fail with a valid pointer.
    unsafe { set.assume_init() }
}

/// Repeats a call that a signal has interrupted.
fn retry(mut call: impl FnMut() -> libc::c_int) -> io::Result<()> {
    loop {
        if call() != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::mpsc;
    use std::thread;

    use super::lock;

    #[test]
    fn a_wait_for_a_lock_is_announced() {
        let path = std::env::temp_dir().join(format!("cargo-zokio-lock-{}", std::process::id()));
        let first = File::create(&path).unwrap();
        lock(&first, || panic!("nobody has it")).unwrap();
        let (blocked, is_blocked) = mpsc::channel();
        let second = File::create(&path).unwrap();
        let waiting = thread::spawn(move || lock(&second, || blocked.send(()).unwrap()));
        is_blocked.recv().unwrap();
        drop(first);
        waiting.join().unwrap().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}
