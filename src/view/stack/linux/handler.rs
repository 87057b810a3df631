//! The handler: all code that runs in the thread whose stack is taken.
//!
//! It is async-signal-safe: it neither allocates, locks nor panics, makes system calls without the
//! libraries' bookkeeping, and keeps `errno`. It needs about one KiB of stack.

use std::ops::Range;
use std::ptr::{from_ref, null_mut};

use libc::{c_int, c_void, iovec, siginfo_t, ucontext_t};

use super::super::LIMIT;
use super::registers::Registers;
use super::request::Request;
use super::signal;
use crate::loom::unmodeled::sync::OnceLock;

/// The process's request. Its address is the value of its signals. It is made by the first request
/// and never dropped.
static REQUEST: OnceLock<Request<Copied>> = OnceLock::new();

/// A page of memory, at least as small as those of the machine.
const PAGE: usize = 4 << 10;

/// What a handler needs to know, and what it copies.
#[derive(Debug)]
pub(super) struct Copied {
    /// Where the thread's own stack is. Written by the thread that asks.
    pub(super) own_stack: Range<usize>,
    /// Those at the interrupted instruction.
    pub(super) registers: Registers,
    /// How many of `bytes` were copied, from the stack pointer upwards.
    pub(super) length: usize,
    /// The error of process_vm_readv(2), or zero.
    pub(super) error: c_int,
    /// [`LIMIT`] bytes.
    pub(super) bytes: Box<[u8]>,
}

/// Returns the process's request.
pub(super) fn request() -> &'static Request<Copied> {
    REQUEST.get_or_init(|| {
        Request::new(Copied {
            own_stack: 0..0,
            registers: Registers::default(),
            length: 0,
            error: 0,
            bytes: vec![0; LIMIT].into_boxed_slice(),
        })
    })
}

/// Returns the value of the signals of `request`.
pub(super) fn value(request: &Request<Copied>) -> *const c_void {
    from_ref(request).cast()
}

/// Answers the request in flight, and passes the signals of others on.
pub(super) extern "C" fn on_signal(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a whole `siginfo_t` to a handler with `SA_SIGINFO`, and so does one
    // that passes the signal on.
    let described = unsafe { info.as_ref() };
    let request = REQUEST.get();
    let ours = request
        .zip(described)
        .is_some_and(|(request, info)| signal::was_sent_with(info, value(request)));
    match request {
        // SAFETY: the kernel passes the interrupted context as a whole `ucontext_t`, which is the
        // handler's while it runs.
        Some(request) if ours => answer(request, unsafe { context.cast::<ucontext_t>().as_ref() }),
        // SAFETY: these are the arguments of this handler.
        _ => unsafe { signal::pass_on(number, info, context) },
    }
}

fn answer(request: &Request<Copied>, context: Option<&ucontext_t>) {
    let Some(context) = context else {
        return;
    };
    // SAFETY: the location of this thread's `errno` is valid while the thread runs.
    let errno = unsafe { &mut *libc::__errno_location() };
    let kept = *errno;
    // SAFETY: gettid(2) has no preconditions.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) } as u32;
    if request.answer(thread, |copied| copied.fill(context)) {
        signal::wake(request.futex());
    }
    *errno = kept;
}

impl Copied {
    fn fill(&mut self, context: &ucontext_t) {
        self.registers = Registers::of(context);
        let from = self.registers.sp();
        let mut to = from.saturating_add(self.bytes.len());
        if self.own_stack.contains(&from) {
            to = to.min(self.own_stack.end);
        }
        match copy(from..to, &mut self.bytes) {
            Ok(length) => (self.length, self.error) = (length, 0),
            Err(error) => (self.length, self.error) = (0, error),
        }
    }
}

/// Copies what is mapped of `from`, up to the first page that is not, and returns how much that is.
///
/// The kernel copies, so that a page that is not mapped is an error and not a fault.
fn copy(from: Range<usize>, into: &mut [u8]) -> Result<usize, c_int> {
    const NONE: iovec = iovec {
        iov_base: null_mut(),
        iov_len: 0,
    };
    // A transfer ends at the first piece that cannot be read: process_vm_readv(2).
    let mut pieces = [NONE; LIMIT / PAGE + 1];
    let mut at = from.start;
    for piece in &mut pieces {
        let next = from.end.min((at / PAGE + 1).saturating_mul(PAGE));
        piece.iov_base = at as *mut c_void;
        piece.iov_len = next - at;
        at = next;
    }
    let local = iovec {
        iov_base: into.as_mut_ptr().cast(),
        iov_len: into.len(),
    };
    let count = pieces.len() as libc::c_ulong;
    // SAFETY: the kernel writes at most `into.len()` bytes to `into`, which is borrowed, and reads
    // the pieces of this process wherever they are mapped.
    let copied =
        unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, pieces.as_ptr(), count, 0) };
    if copied < 0 {
        // SAFETY: as in `answer`.
        return Err(unsafe { *libc::__errno_location() });
    }
    Ok(copied as usize)
}
