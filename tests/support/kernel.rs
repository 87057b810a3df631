//! A kernel that lacks a part of io_uring: the calls that use or probe it are refused, or their
//! answers are changed on their way (seccomp_unotify(2)).

use std::io;
use std::mem::{offset_of, size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;

/// `IORING_REGISTER_PROBE`.
const PROBE: u32 = 8;

/// `SECCOMP_IOCTL_NOTIF_RECV` and `SECCOMP_IOCTL_NOTIF_SEND`.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;

const _: () = assert!(size_of::<libc::seccomp_notif>() == 0x50);
const _: () = assert!(size_of::<libc::seccomp_notif_resp>() == 0x18);

/// The head of `io_uring_probe`, the length of each of its operations, and where the flags are there.
const HEAD: usize = 16;
const OPERATION: usize = 8;
const FLAGS: usize = 2;

/// Where the flags are in `io_uring_params`.
const SETUP_FLAGS: usize = 8;

/// What a kernel lacks (include/uapi/linux/io_uring.h has the numbers).
#[derive(Clone, Copy, Debug)]
pub enum Lack {
    /// The operation, in what a probe reports.
    Operation(u8),
    /// Any of the flags of io_uring_setup(2).
    SetupFlags(u32),
    /// An operation of io_uring_register(2).
    Register(u32),
    /// Any of the flags of io_uring_enter(2).
    EnterFlags(u32),
}

/// Returns whether this process may have a ring at all.
pub fn has_io_uring() -> bool {
    ring().is_ok()
}

/// Has this thread, and all that it starts from here on, find such a kernel.
///
/// # Errors
///
/// Returns an error where calls cannot be filtered.
pub fn lack(what: Lack) -> io::Result<()> {
    let refuse = libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32;
    let ask = libc::SECCOMP_RET_USER_NOTIF;
    let register = libc::SYS_io_uring_register;
    match what {
        Lack::Register(operation) => {
            filter(register, Some((1, libc::BPF_JEQ, operation)), refuse)?;
        }
        Lack::EnterFlags(flags) => {
            let enter = libc::SYS_io_uring_enter;
            filter(enter, Some((3, libc::BPF_JSET, flags)), refuse)?;
        }
        Lack::Operation(code) => {
            let ring = ring()?;
            let answer = move |args: [u64; 6]| probe(&ring, args, code);
            ask_about(answer, || {
                filter(register, Some((1, libc::BPF_JEQ, PROBE)), ask)
            })?;
        }
        Lack::SetupFlags(flags) => {
            let setup = libc::SYS_io_uring_setup;
            ask_about(move |args| set_up(args, flags), || filter(setup, None, ask))?;
        }
    }
    Ok(())
}

/// What becomes of a call.
enum Answer {
    Done,
    Fails(i32),
    Continues,
}

fn ring() -> io::Result<OwnedFd> {
    // struct io_uring_params.
    let mut parameters = [0_u8; 120];
    // SAFETY: the parameters live across the call.
    descriptor(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) })
}

fn descriptor(result: libc::c_long) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(result as i32) })
}

/// Probes as the kernel does, but for the one operation.
fn probe(ring: &OwnedFd, [_, _, answer, operations, ..]: [u64; 6], code: u8) -> Answer {
    // SAFETY: the caller is a thread of this process, which waits, and whose memory this is.
    let result = unsafe {
        libc::syscall(
            libc::SYS_io_uring_register,
            ring.as_raw_fd(),
            PROBE,
            answer,
            operations,
        )
    };
    if result < 0 {
        return Answer::Fails(io::Error::last_os_error().raw_os_error().unwrap());
    }
    if u64::from(code) < operations {
        let flags = HEAD + usize::from(code) * OPERATION + FLAGS;
        // SAFETY: as above; this operation is one of those that were asked for.
        unsafe { (answer as *mut u8).add(flags).cast::<u16>().write(0) };
    }
    Answer::Done
}

/// Refuses a ring with any of the flags.
fn set_up([_, parameters, ..]: [u64; 6], flags: u32) -> Answer {
    // SAFETY: the caller is a thread of this process, which waits, and whose memory this is.
    let asked = unsafe {
        (parameters as *const u8)
            .add(SETUP_FLAGS)
            .cast::<u32>()
            .read()
    };
    if asked & flags == 0 {
        Answer::Continues
    } else {
        Answer::Fails(libc::EINVAL)
    }
}

/// Has a thread, which is not filtered itself, answer the calls that `filter` passes on.
fn ask_about(
    answer: impl Fn([u64; 6]) -> Answer + Send + 'static,
    filter: impl FnOnce() -> io::Result<Option<OwnedFd>>,
) -> io::Result<()> {
    let (filtered, calls) = mpsc::channel();
    thread::spawn(move || {
        if let Ok(Some(calls)) = calls.recv() {
            answer_all(&calls, answer).unwrap();
        }
    });
    filtered.send(filter()?).unwrap();
    Ok(())
}

/// Takes an action for all calls of one kind, or for those whose argument passes the test. Returns
/// where they wait for an answer if that is the action.
fn filter(
    call: libc::c_long,
    argument: Option<(usize, u32, u32)>,
    action: u32,
) -> io::Result<Option<OwnedFd>> {
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
fn answer_all(calls: &OwnedFd, answer: impl Fn([u64; 6]) -> Answer) -> io::Result<()> {
    // SAFETY: plain numbers.
    let mut call: libc::seccomp_notif = unsafe { zeroed() };
    // SAFETY: the call lives across this one.
    while unsafe { libc::ioctl(calls.as_raw_fd(), RECEIVE, &raw mut call) } == 0 {
        let (error, flags) = match answer(call.data.args) {
            Answer::Done => (0, 0),
            Answer::Fails(errno) => (-errno, 0),
            Answer::Continues => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        };
        let response = libc::seccomp_notif_resp {
            id: call.id,
            val: 0,
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
