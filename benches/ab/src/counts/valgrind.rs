//! Runs a program under callgrind and reads how many instructions it executed.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Makes glibc choose the same copying functions on every processor.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-RTM";

/// What a run was.
#[derive(Debug, PartialEq)]
pub(super) enum Run {
    /// So many instructions, of all threads.
    Instructions(u64),
    /// Valgrind refused a system call that it does not know. The program then took another way than
    /// it takes otherwise.
    UnknownCall(u32),
}

/// Returns Valgrind's version, or `None` if it is not installed.
pub(super) fn version() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.trim().strip_prefix("valgrind-")?;
    Some(version.to_owned())
}

/// Runs a program.
///
/// # Errors
///
/// Returns an error if it fails.
pub(super) fn count(program: &Path, args: &[&str], driver: Option<&str>) -> Result<Run> {
    let mut valgrind = Command::new("valgrind");
    // tokio has no such variable.
    match driver {
        Some(driver) => valgrind.env("ZOKIO_DRIVER", driver),
        None => valgrind.env_remove("ZOKIO_DRIVER"),
    };
    let output = valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(args)
        .env("GLIBC_TUNABLES", TUNABLES)
        .output()
        .context("starting valgrind")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}:\n{text}", output.status);
    parse(&text).with_context(|| format!("callgrind has not counted:\n{text}"))
}

/// Reads what callgrind prints in the end.
fn parse(text: &str) -> Option<Run> {
    let calls = text.lines().filter_map(|line| {
        let (_, number) = line.split_once("unhandled ")?.1.split_once("syscall: ")?;
        number.trim().parse().ok()
    });
    // zokio tries a call once to see whether the kernel has it.
    let mut tried = HashSet::new();
    let mut repeated = calls.filter(|call| !tried.insert(*call));
    let count = text.lines().find_map(|line| {
        let count = line.split_once("Collected : ")?.1;
        count.trim().parse().ok()
    })?;
    Some(match repeated.next() {
        Some(call) => Run::UnknownCall(call),
        None => Run::Instructions(count),
    })
}

#[cfg(test)]
mod tests {
    use super::{Run, parse};

    const COUNT: &str = "==7== Events    : Ir\n==7== Collected : 563402\n==7== \n";

    #[test]
    fn the_count_is_found() {
        assert_eq!(parse(COUNT), Some(Run::Instructions(563_402)));
        assert_eq!(parse("==7== Events    : Ir\n"), None);
    }

    #[test]
    fn a_call_that_is_refused_again_and_again_is_found() {
        let warning = "--7-- WARNING: unhandled amd64-linux syscall: 437\n--7-- You may\n";
        let once = format!("{warning}{COUNT}");
        assert_eq!(parse(&once), Some(Run::Instructions(563_402)));
        let another = "--7-- WARNING: unhandled amd64-linux syscall: 441\n";
        let both = format!("{another}{once}");
        assert_eq!(parse(&both), Some(Run::Instructions(563_402)));
        let often = format!("{warning}{both}");
        assert_eq!(parse(&often), Some(Run::UnknownCall(437)));
    }
}
