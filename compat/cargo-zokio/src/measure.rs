//! One run of a program, with what the kernel counted for it.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::raw;

/// What one run took. The numbers include the children that the program waited for.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From the start to the end.
    pub wall: Duration,
    /// CPU time outside of the kernel.
    pub user: Duration,
    /// CPU time in the kernel, its io_uring workers for the program included.
    pub system: Duration,
    /// The largest resident set, in KiB.
    pub peak_kib: u64,
    /// Context switches because the program waited.
    pub voluntary: u64,
    /// Context switches because its time was up.
    pub involuntary: u64,
    /// How it ended.
    pub status: ExitStatus,
}

/// Runs a program to its end, with no input and its output thrown away.
///
/// # Errors
///
/// Returns an error if it cannot be started or waited for.
pub fn run(program: &Path, args: &[OsString]) -> io::Result<Sample> {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn()?;
    let (status, usage) = raw::wait(child)?;
    let wall = start.elapsed();
    Ok(Sample {
        wall,
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        peak_kib: count(usage.ru_maxrss),
        voluntary: count(usage.ru_nvcsw),
        involuntary: count(usage.ru_nivcsw),
        status,
    })
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(count(time.tv_sec)) + Duration::from_micros(count(time.tv_usec))
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::run;

    #[test]
    fn a_run_is_counted_and_its_status_kept() {
        let sample = run(Path::new("/bin/sh"), &["-c".into(), "exit 3".into()]).unwrap();
        assert_eq!(sample.status.code(), Some(3));
        assert!(sample.peak_kib > 0);
        assert!(sample.wall > Duration::ZERO);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(run(Path::new("/no/such/program"), &[]).is_err());
    }
}
