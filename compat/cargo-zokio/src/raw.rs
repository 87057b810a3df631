//! The two system calls that `std` has no name for, behind safe functions.

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
