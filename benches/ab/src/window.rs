//! What a process used between two moments.
//!
//! CPU time is read from the clock of the process (`clock_getcpuclockid`): it has nanoseconds, and
//! includes threads that have ended and those of the kernel that serve the process's io_uring.
//! `/proc/PID/stat` counts ticks of 10 ms, `/proc/PID/task/TID/schedstat` loses a thread when it ends,
//! and `getrusage` has a child's usage only after its end, with its start in it.

#![forbid(unsafe_code)]

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::param::clock_ticks_per_second;

use crate::raw::CpuClock;

/// The beginning of the time that is measured.
pub struct Window {
    pid: u32,
    clock: CpuClock,
    switches: u64,
    cpu: Duration,
    cores: Cores,
    start: Instant,
}

/// What was used in a window.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// The time that has passed.
    pub wall: Duration,
    /// The CPU time.
    pub cpu: Duration,
    /// Context switches of the threads that are there at both ends.
    pub switches: u64,
    /// What all cores of the machine worked, whatever for.
    pub machine: Duration,
    /// How many cores that are.
    pub machine_cores: usize,
}

impl Window {
    /// Begins to measure a process.
    ///
    /// # Errors
    ///
    /// Returns an error if the process has ended.
    pub fn open(pid: u32) -> Result<Window> {
        let clock = CpuClock::of(pid).context("looking for the program's CPU clock")?;
        let cores = Cores::read()?;
        let switches = switches(pid)?;
        let cpu = clock.read().context("reading the program's CPU clock")?;
        Ok(Window {
            pid,
            clock,
            switches,
            cpu,
            cores,
            start: Instant::now(),
        })
    }

    /// Returns what the process has used since the beginning.
    ///
    /// # Errors
    ///
    /// Returns an error if the process has ended.
    pub fn close(self) -> Result<Used> {
        let wall = self.start.elapsed();
        let cpu = self
            .clock
            .read()
            .context("reading the program's CPU clock")?;
        Ok(Used {
            wall,
            cpu: cpu.saturating_sub(self.cpu),
            switches: switches(self.pid)?.saturating_sub(self.switches),
            machine: Cores::read()?.busy.saturating_sub(self.cores.busy),
            machine_cores: self.cores.number,
        })
    }
}

/// What the cores of the machine have worked, in ticks of the kernel.
struct Cores {
    busy: Duration,
    number: usize,
}

impl Cores {
    fn read() -> Result<Cores> {
        let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        Cores::parse(&stat, clock_ticks_per_second()).context("/proc/stat has no line `cpu`")
    }

    fn parse(stat: &str, ticks_per_second: u64) -> Option<Cores> {
        let mut lines = stat.lines().filter(|line| line.starts_with("cpu"));
        let all = lines.next()?.split_whitespace().skip(1);
        let ticks: Vec<u64> = all.map(|ticks| ticks.parse().ok()).collect::<Option<_>>()?;
        let [
            user,
            nice,
            system,
            _idle,
            _wait,
            interrupt,
            soft_interrupt,
            stolen,
            ..,
        ] = ticks[..]
        else {
            return None;
        };
        let busy = user + nice + system + interrupt + soft_interrupt + stolen;
        Some(Cores {
            busy: Duration::from_secs_f64(busy as f64 / ticks_per_second as f64),
            number: lines.count(),
        })
    }
}

/// Returns the resident memory of a process at present and at its peak, in KiB.
///
/// # Errors
///
/// Returns an error if the process has ended.
pub fn memory_kib(pid: u32) -> Result<(u64, u64)> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let field = |name| number(&status, name).with_context(|| format!("{path} has no {name}"));
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

fn switches(pid: u32) -> Result<u64> {
    let folder = format!("/proc/{pid}/task");
    let mut sum = 0;
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {folder}"))? {
        // A thread may end between the two calls.
        if let Ok(status) = fs::read_to_string(entry?.path().join("status")) {
            let names = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"];
            sum += names
                .map(|name| number(&status, name).unwrap_or(0))
                .iter()
                .sum::<u64>();
        }
    }
    Ok(sum)
}

/// Returns the number of the line that begins with `name`.
fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Cores, Window, memory_kib, number};

    #[test]
    fn a_status_is_read_by_whole_names() {
        let status =
            "VmHWM:\t    3000 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t2\n";
        assert_eq!(number(status, "VmHWM:"), Some(3000));
        assert_eq!(number(status, "voluntary_ctxt_switches:"), Some(7));
        assert_eq!(number(status, "nonvoluntary_ctxt_switches:"), Some(2));
        assert_eq!(number(status, "VmRSS:"), None);
    }

    #[test]
    fn the_machine_works_where_it_is_not_idle() {
        let stat = "cpu  10 20 30 4000 5000 6 7 27 1 0\ncpu0 1 2\ncpu1 1 2\nintr 5 0\n";
        let cores = Cores::parse(stat, 100).unwrap();
        assert_eq!((cores.busy.as_millis(), cores.number), (1000, 2));
        assert!(Cores::parse("intr 5\n", 100).is_none());
    }

    #[test]
    fn this_process_uses_something() {
        let pid = std::process::id();
        let window = Window::open(pid).unwrap();
        let (now, peak) = memory_kib(pid).unwrap();
        assert!(now > 0 && peak > 0);
        let used = window.close().unwrap();
        assert!(!used.cpu.is_zero() && !used.wall.is_zero() && used.machine_cores > 0);
    }
}
