//! The run without nextest: a process per test, ended by `timeout` (coreutils) when it takes too
//! long. It also runs tests as an unprivileged user.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::compile::Compiled;
use crate::options::Options;
use crate::package::Package;
use crate::run::{Key, Outcome, first_panic};

/// The unprivileged user and group (uid 65534).
const NOBODY: u32 = 65534;

pub(crate) fn run(
    package: &Package,
    compiled: &Compiled,
    driver: Option<&str>,
    options: &Options,
) -> Result<BTreeMap<Key, Outcome>> {
    let mut queue = Vec::new();
    for (group, program) in &compiled.programs {
        for name in list(&program.path, options)? {
            if options.wants(group, &name) {
                queue.push((group.clone(), name));
            }
        }
    }
    let queue = Mutex::new(queue);
    let outcomes = Mutex::new(BTreeMap::new());
    let worker = || -> Result<()> {
        loop {
            let Some(key) = queue.lock().expect("no worker panics").pop() else {
                return Ok(());
            };
            let mut command = command(&compiled.programs[&key.0].path, &key.1, driver, options);
            let outcome = finish(command.current_dir(&package.folder))?;
            outcomes
                .lock()
                .expect("no worker panics")
                .insert(key, outcome);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    Ok(outcomes.into_inner().expect("no worker panics"))
}

/// Runs `keys` as the unprivileged user, in a folder of its own that it may read and write.
pub(crate) fn run_unprivileged(
    package: &Package,
    compiled: &Compiled,
    keys: &[&Key],
    driver: Option<&str>,
    options: &Options,
) -> Result<BTreeMap<Key, Outcome>> {
    let mut outcomes = BTreeMap::new();
    if keys.is_empty() {
        return Ok(outcomes);
    }
    let folder = std::env::temp_dir().join(format!("zokio-suite-{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
    fs::set_permissions(&folder, Permissions::from_mode(0o777))?;
    fs::copy(package.folder.join("Cargo.toml"), folder.join("Cargo.toml"))?;
    for key in keys {
        let Some(program) = compiled.programs.get(&key.0) else {
            continue;
        };
        let copy = folder.join(&key.0);
        fs::copy(&program.path, &copy)?;
        fs::set_permissions(&copy, Permissions::from_mode(0o755))?;
        let mut command = command(&copy, &key.1, driver, options);
        command
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir(&folder)
            .env("TMPDIR", &folder)
            .env("HOME", &folder);
        outcomes.insert((*key).clone(), finish(&mut command)?);
    }
    fs::remove_dir_all(&folder)?;
    Ok(outcomes)
}

/// Returns the names of the tests that the program holds and does not ignore.
fn list(program: &Path, options: &Options) -> Result<Vec<String>> {
    let names = |extra: &[&str]| -> Result<Vec<String>> {
        let output = limited(program, options)
            .args(["--list", "--format", "terse"])
            .args(extra)
            .output()?;
        if !output.status.success() {
            bail!("{} does not list its tests", program.display());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .map(str::to_string)
            .collect())
    };
    let ignored = names(&["--ignored"])?;
    Ok(names(&[])?
        .into_iter()
        .filter(|name| !ignored.contains(name))
        .collect())
}

/// Returns the command that runs a test program, for as long as one test may take.
fn limited(program: &Path, options: &Options) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after", "1", &options.limit_s.to_string()])
        .args(options.runner())
        .arg(program);
    command
}

fn command(program: &Path, name: &str, driver: Option<&str>, options: &Options) -> Command {
    let mut command = limited(program, options);
    command.args(["--exact", "--nocapture", name]);
    command.env("RUST_BACKTRACE", "0");
    if let Some(driver) = driver {
        command.env("ZOKIO_DRIVER", driver);
    }
    command
}

fn finish(command: &mut Command) -> Result<Outcome> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    Ok(match output.status.code() {
        Some(0) => Outcome::Passed,
        Some(124) => Outcome::Failed("timed out".to_string()),
        _ => Outcome::Failed(first_panic(&text)),
    })
}
