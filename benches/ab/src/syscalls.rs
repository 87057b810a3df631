//! The number of system calls of another process, by the kernel's tracepoint. No tracer stops the
//! process, but each call becomes slower while it is counted: nothing else is measured then.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::Read;

use anyhow::{Context, Result};

use crate::raw;

const TRACEPOINT: &str = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";

/// The counters of one process.
pub(crate) struct Counters(Vec<File>);

impl Counters {
    /// Starts to count the system calls of every thread of the process.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel does not let this process count. Mostly only root may.
    pub(crate) fn start(pid: u32) -> Result<Counters> {
        let id = fs::read_to_string(TRACEPOINT).with_context(|| format!("reading {TRACEPOINT}"))?;
        let id = id.trim().parse().context("the tracepoint has no number")?;
        let mut counters = Vec::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let name = entry?.file_name();
            let thread = name.to_string_lossy().parse()?;
            match raw::count_passes(thread, id) {
                Ok(counter) => counters.push(counter),
                // The thread has ended.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(error) => return Err(error).context("counting with perf_event_open"),
            }
        }
        Ok(Counters(counters))
    }

    /// Returns the number of calls since the start.
    ///
    /// # Errors
    ///
    /// Returns an error if a counter cannot be read.
    pub(crate) fn read(mut self) -> Result<u64> {
        let mut sum = 0;
        for counter in &mut self.0 {
            let mut count = [0; 8];
            counter
                .read_exact(&mut count)
                .context("reading a counter")?;
            sum += u64::from_ne_bytes(count);
        }
        Ok(sum)
    }
}
