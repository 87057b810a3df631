//! One run of a program, with what the kernel counted for it.
//!
//! The kernel keeps the peak memory of a process when it becomes another program, and a child shares
//! its parent's memory until then. So a program's peak is at least that of the process which starts it,
//! and this one has read all that cargo wrote. A fresh process of this program starts the program.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::raw;
use crate::shell::Shell;

/// The first argument of the fresh process; the program and its arguments follow.
pub const HELPER: &str = "--measure";

/// What one run took. The numbers include the children that the program waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    let mut helper = Command::new(std::env::current_exe()?);
    helper.arg(HELPER).arg(program).args(args);
    let output = helper.stdin(Stdio::null()).output()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The fresh process: runs the program and prints the sample to standard output.
pub fn help(args: &[OsString]) -> ExitCode {
    let outcome = match args.split_first() {
        Some((program, args)) => here(Path::new(program), args),
        None => Err(io::ErrorKind::InvalidInput.into()),
    };
    Shell::print(&print(&outcome));
    ExitCode::SUCCESS
}

fn print(outcome: &io::Result<Sample>) -> String {
    match outcome {
        Ok(sample) => format!(
            "{} {} {} {} {} {} {}",
            sample.wall.as_nanos(),
            sample.user.as_nanos(),
            sample.system.as_nanos(),
            sample.peak_kib,
            sample.voluntary,
            sample.involuntary,
            sample.status.into_raw()
        ),
        Err(error) => error.raw_os_error().unwrap_or(libc::EINVAL).to_string(),
    }
}

fn parse(text: &str) -> io::Result<Sample> {
    let numbers: Option<Vec<u64>> = text.split(' ').map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[wall, user, system, peak_kib, voluntary, involuntary, status]) => Ok(Sample {
            wall: Duration::from_nanos(wall),
            user: Duration::from_nanos(user),
            system: Duration::from_nanos(system),
            peak_kib,
            voluntary,
            involuntary,
            status: ExitStatus::from_raw(i32::try_from(status).map_err(io::Error::other)?),
        }),
        Some(&[error]) => Err(io::Error::from_raw_os_error(
            i32::try_from(error).map_err(io::Error::other)?,
        )),
        _ => Err(io::Error::other("the process that measures has failed")),
    }
}

fn here(program: &Path, args: &[OsString]) -> io::Result<Sample> {
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

    use super::{here, parse, print};

    #[test]
    fn a_run_is_counted_and_its_status_kept() {
        let sample = here(Path::new("/bin/sh"), &["-c".into(), "exit 3".into()]).unwrap();
        assert_eq!(sample.status.code(), Some(3));
        assert!(sample.peak_kib > 0);
        assert!(sample.wall > Duration::ZERO);
        assert_eq!(parse(&print(&Ok(sample))).unwrap(), sample);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let error = here(Path::new("/no/such/program"), &[]);
        let error = parse(&print(&error)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        assert!(parse("").is_err());
    }
}
