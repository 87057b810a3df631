//! What comes back from a thread that was asked for its stack.
//!
//! `Captured::fields` writes it as fields of a JSON object. The line of such an object can be sent to
//! a client, or written by `save` (`answer.rs`) to a file, whose functions can be named later.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;

use super::LIMIT;
use super::system::Registers;

/// The registers and the stack of a thread at one moment.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(super) architecture: &'static str,
    pub(super) registers: Registers,
    /// From the stack pointer upwards.
    pub(super) bytes: Vec<u8>,
    pub(super) missing: Missing,
}

/// Why the bytes do not reach the end of the thread's stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(dead_code, reason = "made on Linux")]
pub(super) enum Missing {
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
#[allow(dead_code, reason = "some are of Linux, and one of other systems")]
pub(crate) enum NoStack {
    /// The system or the architecture is one on which no stack can be taken.
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

impl Captured {
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
            NoStack::Architecture => {
                f.write_str("stacks are taken on Linux, of x86-64 and aarch64")
            }
            NoStack::Ended => f.write_str("the thread has ended"),
            NoStack::Busy => f.write_str("another thread has not finished its answer"),
            NoStack::Refused(error) => write!(f, "the thread cannot be asked: {error}"),
            NoStack::NoAnswer(state) => write!(f, "the thread did not answer: {state}"),
        }
    }
}
