//! System calls of one run, counted by strace, where it is installed and allowed.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::files;

/// How often each system call was made.
pub type Calls = BTreeMap<String, u64>;

/// Runs a program under strace. `Err` holds the reason why there are no counts.
pub fn count(program: &Path, args: &[OsString], scratch: &Path) -> Result<Calls, String> {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-c", "-o"])
        .arg(scratch)
        .arg("--")
        .arg(program)
        .args(args);
    let output = strace
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match output {
        Err(error) => return Err(format!("strace cannot be run: {error}")),
        Ok(output) if !output.status.success() => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let line = text.lines().find(|line| line.starts_with("strace:"));
            return Err(line.unwrap_or("the program failed under strace").to_owned());
        }
        Ok(_) => {}
    }
    let summary = files::read(scratch)
        .map_err(|error| error.message)?
        .unwrap_or_default();
    let calls = parse(&summary);
    if calls.is_empty() {
        Err("strace has counted nothing".to_owned())
    } else {
        Ok(calls)
    }
}

/// Reads strace's table: the fourth column is the number, the last the name; the fifth may be empty.
fn parse(summary: &str) -> Calls {
    let mut calls = Calls::new();
    for line in summary.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let number: Option<u64> = fields.get(3).and_then(|number| number.parse().ok());
        if let (Some(number), Some(name), 5 | 6) = (number, fields.last(), fields.len()) {
            if *name != "total" {
                *calls.entry((*name).to_owned()).or_default() += number;
            }
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_table_is_read() {
        let summary = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000300          10        30         2 futex
 40.00    0.000200          20        10           io_uring_enter
------ ----------- ----------- --------- --------- ----------------
100.00    0.000500          12        40         2 total
";
        let calls = parse(summary);
        assert_eq!(calls.len(), 2);
        assert_eq!((calls["futex"], calls["io_uring_enter"]), (30, 10));
    }
}
