//! A kernel that lacks a part of io_uring: the calls that use or probe it are refused, or their
//! answers are changed on their way (seccomp_unotify(2)).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use super::answers::{Answer, Calls, answer, descriptor, refuse};

/// `IORING_REGISTER_PROBE`.
const PROBE: u32 = 8;

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
    let register = libc::SYS_io_uring_register;
    match what {
        Lack::Register(operation) => {
            let of_it = Some((1, libc::BPF_JEQ, operation));
            refuse(Calls(register, of_it), libc::EINVAL)
        }
        Lack::EnterFlags(flags) => {
            let with_any = Some((3, libc::BPF_JSET, flags));
            refuse(Calls(libc::SYS_io_uring_enter, with_any), libc::EINVAL)
        }
        Lack::Operation(code) => {
            let ring = ring()?;
            let probes = Calls(register, Some((1, libc::BPF_JEQ, PROBE)));
            answer(probes, move |args| probe(&ring, args, code))
        }
        Lack::SetupFlags(flags) => {
            let setup = Calls(libc::SYS_io_uring_setup, None);
            answer(setup, move |args| set_up(args, flags))
        }
    }
}

fn ring() -> io::Result<OwnedFd> {
    // struct io_uring_params.
    let mut parameters = [0_u8; 120];
    // SAFETY: the parameters live across the call.
    descriptor(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) })
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
    Answer::Returns(0)
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
