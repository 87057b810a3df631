//! Asking a thread for its stack, and what comes back.
//!
//! [`capture`] blocks for at most its limit (200 ms suit a thread of its own), and must not be called
//! by a thread that runs tasks. `Captured::fields` writes the answer as fields of a JSON object. The
//! line of such an object can be sent to a client, or written by `save` (`answer.rs`) to a file,
//! whose functions can be named later.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{fmt, process};

use super::handler::{self, Copied};
use super::registers::{ARCHITECTURE, Registers};
use super::request::{self, Asking};
use super::{LIMIT, signal};
use crate::record::ThreadOf;

/// The registers and the stack of a thread at one moment.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(super) architecture: &'static str,
    pub(super) registers: Registers,
    /// From the stack pointer upwards.
    pub(super) bytes: Vec<u8>,
    missing: Missing,
}

/// Why the bytes do not reach the end of the thread's stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Missing {
    Nothing,
    /// The stack is deeper than [`LIMIT`].
    Limit,
    /// The stack pointer is not within the thread's own stack.
    Elsewhere,
    /// The kernel did not copy, with this error.
    Refused(i32),
}

/// Why there is no stack.
#[derive(Debug)]
pub(crate) enum NoStack {
    /// The registers of this architecture are not known.
    Architecture,
    /// There is no such thread any more.
    Ended,
    /// The thread that was asked before has not finished its answer.
    Busy,
    /// The handler could not be installed, or the signal could not be sent.
    Refused(io::Error),
    /// The thread did not answer within the limit; what is known of it.
    NoAnswer(String),
}

/// Takes the stack of a thread, which may be the calling one.
///
/// # Errors
///
/// Returns an error if the thread does not answer within `limit`, or cannot be asked.
pub(crate) fn capture(thread: &ThreadOf, limit: Duration) -> Result<Captured, NoStack> {
    let architecture = ARCHITECTURE.ok_or(NoStack::Architecture)?;
    let request = handler::request();
    let mut asking = request.asking();
    signal::install(handler::on_signal).map_err(NoStack::Refused)?;
    let number = u32::try_from(thread.tid).map_err(|_| NoStack::Ended)?;
    let deadline = Instant::now() + limit;
    asking
        .ask(number, |copied| copied.own_stack = thread.stack.clone())
        .ok_or(NoStack::Busy)?;
    signal::send(thread.tid, handler::value(request)).map_err(|error| {
        match error.raw_os_error() {
            Some(libc::ESRCH) => NoStack::Ended,
            _ => NoStack::Refused(error),
        }
    })?;
    wait(&asking, deadline);
    asking
        .end(|copied| Captured::new(architecture, copied))
        .ok_or_else(|| no_answer(thread.tid))
}

/// Waits until there is an answer, or for the deadline.
fn wait(asking: &Asking<'_, Copied>, deadline: Instant) {
    loop {
        let word = asking.futex().load(Ordering::Relaxed);
        let left = deadline.saturating_duration_since(Instant::now());
        if request::is_done(word) || left.is_zero() {
            return;
        }
        signal::wait(asking.futex(), word, left);
    }
}

impl Captured {
    fn new(architecture: &'static str, copied: &Copied) -> Captured {
        let at = copied.registers.sp();
        let missing = if copied.error != 0 {
            Missing::Refused(copied.error)
        } else if !copied.own_stack.contains(&at) {
            Missing::Elsewhere
        } else if at + copied.length < copied.own_stack.end {
            Missing::Limit
        } else {
            Missing::Nothing
        };
        Captured {
            architecture,
            registers: copied.registers,
            bytes: copied.bytes[..copied.length].to_vec(),
            missing,
        }
    }

    /// Returns why the bytes do not reach the end of the thread's stack, if they do not.
    pub(crate) fn missing(&self) -> Option<String> {
        match self.missing {
            Missing::Nothing => None,
            Missing::Limit => Some(format!("the stack is deeper than {} KiB", LIMIT >> 10)),
            Missing::Elsewhere => Some("the thread was on a stack that is not its own".into()),
            Missing::Refused(error) => Some(format!(
                "process_vm_readv: {}",
                io::Error::from_raw_os_error(error)
            )),
        }
    }
}

impl fmt::Display for NoStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoStack::Architecture => f.write_str("stacks are taken on x86-64 and aarch64 only"),
            NoStack::Ended => f.write_str("the thread has ended"),
            NoStack::Busy => f.write_str("another thread has not finished its answer"),
            NoStack::Refused(error) => write!(f, "the thread cannot be asked: {error}"),
            NoStack::NoAnswer(state) => write!(f, "the thread did not answer: {state}"),
        }
    }
}

/// Explains a missing answer by what the kernel shows of the thread.
fn no_answer(tid: libc::pid_t) -> NoStack {
    let folder = format!("/proc/{}/task/{tid}", process::id());
    let Ok(status) = fs::read_to_string(format!("{folder}/status")) else {
        return NoStack::Ended;
    };
    let field = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap_or_default().trim()
    };
    let state = field("State:");
    let blocked = u64::from_str_radix(field("SigBlk:"), 16).unwrap_or_default();
    if blocked & (1 << (signal::SIGNAL - 1)) != 0 {
        return NoStack::NoAnswer(format!("{state}, and blocks SIGURG"));
    }
    // In which function of the kernel it waits; empty or "0" where that is not shown.
    let waits_in = fs::read_to_string(format!("{folder}/wchan")).unwrap_or_default();
    match waits_in.as_str() {
        "" | "0" => NoStack::NoAnswer(state.to_string()),
        function => NoStack::NoAnswer(format!("{state}, in {function} of the kernel")),
    }
}
