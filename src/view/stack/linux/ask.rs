//! Asks a thread for its stack.
//!
//! `capture` blocks for at most its limit (200 ms suit a thread of its own), and must not be called by
//! a thread that runs tasks.
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{fs, process};

use super::super::captured::{Captured, Missing, NoStack};
use super::handler::{self, Copied};
use super::registers::ARCHITECTURE;
use super::request::{self, Asking};
use super::signal;
use crate::record::ThreadOf;

/// Takes the stack of a thread, which may be the calling one.
///
/// # Errors
///
/// Returns an error if the thread does not answer within `limit`, or cannot be asked.
pub(crate) fn capture(thread: &ThreadOf, limit: Duration) -> Result<Captured, NoStack> {
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
    asking.end(captured).ok_or_else(|| no_answer(thread.tid))
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

fn captured(copied: &Copied) -> Captured {
    Captured {
        architecture: ARCHITECTURE,
        registers: copied.registers,
        bytes: copied.bytes[..copied.length].to_vec(),
        missing: missing(copied),
    }
}

fn missing(copied: &Copied) -> Missing {
    let at = copied.registers.sp();
    if copied.error != 0 {
        Missing::Refused(copied.error)
    } else if !copied.own_stack.contains(&at) {
        Missing::Elsewhere
    } else if at + copied.length < copied.own_stack.end {
        Missing::Limit
    } else {
        Missing::Nothing
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
