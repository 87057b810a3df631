//! System calls that another thread answers in the kernel's place (seccomp_unotify(2)): it lets them
//! through, or decides what they return, and may do something first.
#![allow(dead_code)]

use std::io;
use std::mem::{offset_of, size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;

/// `SECCOMP_IOCTL_NOTIF_RECV` and `SECCOMP_IOCTL_NOTIF_SEND`.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;

const _: () = assert!(size_of::<libc::seccomp_notif>() == 0x50);
const _: () = assert!(size_of::<libc::seccomp_notif_resp>() == 0x18);

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Returns(i64),
    Fails(i32),
    Continues,
}

/// Which calls: the number of the call and, for some of them, what its argument must pass: its index,
/// the test (`BPF_JEQ`, `BPF_JSET` or `BPF_JGE`) and the value, which the lower half is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Calls(pub libc::c_long, pub Option<(usize, u32, u32)>);

/// Has these calls of this thread, and of all that it starts from here on, fail.
///
/// # Errors
///
/// Returns an error where calls cannot be filtered.
pub fn refuse(calls: Calls, errno: i32) -> io::Result<()> {
    filter(calls, libc::SECCOMP_RET_ERRNO | errno as u32).map(drop)
}

/// Has a thread, which is not filtered itself, answer the calls of this thread and of all that it
/// starts from here on.
///
/// # Errors
///
/// Returns an error where calls cannot be filtered.
pub fn answer(
    calls: Calls,
    answer: impl FnMut([u64; 6]) -> Answer + Send + 'static,
) -> io::Result<()> {
    let (filtered, waiting) = mpsc::channel();
    thread::spawn(move || {
        if let Ok(Some(waiting)) = waiting.recv() {
            answer_all(&waiting, answer).unwrap();
        }
    });
    filtered
        .send(filter(calls, libc::SECCOMP_RET_USER_NOTIF)?)
        .unwrap();
    Ok(())
}

/// [`answer`] for the first calls, one after the other; the others continue.
///
/// # Errors
///
/// Returns an error where calls cannot be filtered.
pub fn answer_first(calls: Calls, answers: &[Answer]) -> io::Result<()> {
    let mut answers = Vec::from(answers).into_iter();
    answer(calls, move |_| answers.next().unwrap_or(Answer::Continues))
}

/// Turns the result of a call that makes a descriptor into it.
pub fn descriptor(result: libc::c_long) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(result as i32) })
}

/// Takes an action for these calls. Returns where they wait for an answer if that is the action.
fn filter(Calls(call, argument): Calls, action: u32) -> io::Result<Option<OwnedFd>> {
    let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let jump = |test| libc::BPF_JMP | libc::BPF_K | test;
    let end = libc::BPF_RET | libc::BPF_K;
    let mut steps = vec![step(load, 0, 0, 0)];
    match argument {
        None => steps.push(step(jump(libc::BPF_JEQ), 0, 1, call as u32)),
        Some((index, test, value)) => {
            // The lower half of it.
            let place = offset_of!(libc::seccomp_data, args) + index * size_of::<u64>();
            steps.push(step(jump(libc::BPF_JEQ), 0, 3, call as u32));
            steps.push(step(load, 0, 0, place as u32));
            steps.push(step(jump(test), 0, 1, value));
        }
    }
    steps.push(step(end, 0, 0, action));
    steps.push(step(end, 0, 0, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    let asks = action == libc::SECCOMP_RET_USER_NOTIF;
    let flags = if asks {
        libc::SECCOMP_FILTER_FLAG_NEW_LISTENER
    } else {
        0
    };
    // SAFETY: the program and its steps live across the calls.
    let result = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program)
    };
    if asks || result < 0 {
        return descriptor(result).map(Some);
    }
    Ok(None)
}

/// Answers until no thread is left that could ask.
fn answer_all(calls: &OwnedFd, mut answer: impl FnMut([u64; 6]) -> Answer) -> io::Result<()> {
    // SAFETY: plain numbers.
    let mut call: libc::seccomp_notif = unsafe { zeroed() };
    // SAFETY: the call lives across this one.
    while unsafe { libc::ioctl(calls.as_raw_fd(), RECEIVE, &raw mut call) } == 0 {
        let (val, error, flags) = match answer(call.data.args) {
            Answer::Returns(value) => (value, 0, 0),
            Answer::Fails(errno) => (0, -errno, 0),
            Answer::Continues => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        };
        let response = libc::seccomp_notif_resp {
            id: call.id,
            val,
            error,
            flags,
        };
        // SAFETY: the response lives across the call.
        if unsafe { libc::ioctl(calls.as_raw_fd(), SEND, &raw const response) } != 0 {
            gone(io::Error::last_os_error())?;
        }
        // SAFETY: plain numbers, which the kernel wants to be zero.
        call = unsafe { zeroed() };
    }
    gone(io::Error::last_os_error())
}

/// Checks that the call, or all that may call, are no more.
fn gone(error: io::Error) -> io::Result<()> {
    match error.raw_os_error() {
        Some(libc::ENOENT) => Ok(()),
        _ => Err(error),
    }
}
