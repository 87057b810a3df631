//! How rings are made.
#![forbid(unsafe_code)]

use std::io;

use io_uring::{IoUring, opcode};

use crate::driver::uring::released::Released;

/// Completion queue entries per submission queue entry: operations wait long, submissions do not.
const COMPLETIONS_PER_SUBMISSION: u32 = 8;

/// The most threads that the kernel may start for a ring, bounded and unbounded ones
/// (`IORING_REGISTER_IOWQ_MAX_WORKERS`; io_uring_register(2)). By default there are at most four of
/// the first kind for each processor. Our rings hardly ever use any, and when they do, operations
/// must not wait for each other.
const KERNEL_THREADS: u32 = 512;

/// Makes a ring for the calling thread alone.
///
/// Newer flags are tried first and left out where the kernel does not know them.
pub(in crate::driver::uring) fn ring(entries: u32) -> io::Result<(IoUring, Released)> {
    let io = match build(entries, Age::Newest) {
        Err(error) if is_unknown(&error) => match build(entries, Age::Newer) {
            Err(error) if is_unknown(&error) => build(entries, Age::Any)?,
            other => other?,
        },
        other => other?,
    };
    let limits = &mut [KERNEL_THREADS; 2];
    match io.submitter().register_iowq_max_workers(limits) {
        Ok(()) => {}
        // Linux 5.15; before that, the kernel's own limits hold.
        Err(error) if is_unknown(&error) => {}
        Err(error) => return Err(error),
    }
    let released = Released::of(&io)?;
    Ok((io, released))
}

fn is_unknown(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINVAL)
}

/// Which flags the kernel is assumed to know.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Any,
    Newer,
    Newest,
}

fn build(entries: u32, age: Age) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .dontfork()
        .setup_clamp()
        .setup_cqsize(entries * COMPLETIONS_PER_SUBMISSION);
    if age >= Age::Newer {
        // 5.18: one refused entry does not hold up those behind it.
        builder.setup_submit_all();
        // 6.0 and 6.1: one thread submits, and completions are finished when it asks for them. On
        // older kernels they interrupt it, which does not harm a thread that runs no other code.
        builder.setup_single_issuer().setup_defer_taskrun();
    }
    if age >= Age::Newest {
        // 6.6: one indirection less.
        builder.setup_no_sqarray();
    }
    builder.build(entries)
}

/// Returns the name of a kind of entry that zokio makes and the kernel does not know, if there is
/// one.
pub(in crate::driver::uring) fn unknown_entry(io: &IoUring) -> io::Result<Option<&'static str>> {
    let mut probe = io_uring::Probe::new();
    io.submitter().register_probe(&mut probe)?;
    let ours = [
        ("read", opcode::Read::CODE),
        ("readv", opcode::Readv::CODE),
        ("read_fixed", opcode::ReadFixed::CODE),
        ("write", opcode::Write::CODE),
        ("writev", opcode::Writev::CODE),
        ("write_fixed", opcode::WriteFixed::CODE),
        ("async_cancel", opcode::AsyncCancel::CODE),
    ];
    let unknown = ours
        .into_iter()
        .find(|(_, code)| !probe.is_supported(*code));
    Ok(unknown.map(|(name, _)| name))
}
