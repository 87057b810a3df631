//! Scenarios that run in a process of their own, so that one that hangs, aborts or changes its
//! limits ends with a sentence and disturbs no other test.
#![allow(dead_code)]

#[path = "sanitizer.rs"]
pub mod sanitizer;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, exit};
use std::thread;
use std::time::{Duration, Instant};

use zokio::runtime::{Builder, Runtime};

/// How long a scenario may take: only one that would never end comes near.
const LIMIT: Duration = Duration::from_secs(15);

/// The workers of a runtime; none stands for the current-thread scheduler.
pub const SCHEDULERS: [usize; 3] = [0, 1, 2];

/// Names the scenario to run, in a process that runs one.
const SCENARIO: &str = "ZOKIO_TEST_SCENARIO";

/// What a process prints after its scenario.
const DONE: &str = "the scenario is done";

/// The exit status of a process whose scenario cannot run on this machine.
const SKIPPED: i32 = 77;

/// A runtime of a scheduler, on the driver that the environment asks for.
pub fn runtime(workers: usize) -> Runtime {
    builder(workers).build().unwrap()
}

/// What [`runtime`] builds.
pub fn builder(workers: usize) -> Builder {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.enable_all();
    builder
}

/// Runs the scenario of `test`, which calls this, once for each scheduler, and fails with what each
/// that fails said.
#[track_caller]
pub fn on_each_scheduler(test: &str, scenario: impl Fn(usize)) {
    on_schedulers(test, &SCHEDULERS, scenario);
}

/// [`on_each_scheduler`] for some of them.
#[track_caller]
pub fn on_schedulers(test: &str, schedulers: &[usize], scenario: impl Fn(usize)) {
    on_schedulers_prepared(test, schedulers, |_| {}, scenario);
}

/// [`on_schedulers`], with a change to each process before it starts.
#[track_caller]
pub fn on_schedulers_prepared(
    test: &str,
    schedulers: &[usize],
    prepare: impl Fn(&mut Command),
    scenario: impl Fn(usize),
) {
    let names: Vec<String> = schedulers
        .iter()
        .map(|workers| format!("{workers} workers"))
        .collect();
    let scenario = |name: &str| {
        let (workers, _) = name.split_once(' ').unwrap();
        scenario(workers.parse().unwrap());
    };
    apart(test, &names, prepare, scenario);
}

/// Runs the scenario of `test`, which calls this, in a process of its own for each name, and fails
/// with what each that fails said. `prepare` may change the process before it starts.
#[track_caller]
pub fn apart<N: AsRef<str>>(
    test: &str,
    names: &[N],
    prepare: impl Fn(&mut Command),
    scenario: impl Fn(&str),
) {
    if let Ok(name) = std::env::var(SCENARIO) {
        // It ends even if the process that waits for it does not live.
        // SAFETY: alarm(2) takes no pointer.
        unsafe { libc::alarm(limit().as_secs() as u32 + 5) };
        scenario(&name);
        println!("{DONE}");
        // What a failed scenario left behind need not be waited for, and neither here.
        exit(0);
    }
    let failures: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let name = name.as_ref();
            let failure = run(test, name, &prepare).err()?;
            Some(format!("{name}: {failure}"))
        })
        .collect();
    assert!(failures.is_empty(), "{test}:\n{}", failures.join("\n"));
}

/// A preparation of processes that can start no thread, or whose system calls are answered by a
/// thread of theirs: AddressSanitizer starts a process for its search for leaks at the end, which is
/// refused as well, or stops the thread that would answer.
pub fn without_search_for_leaks(command: &mut Command) {
    command.env("LSAN_OPTIONS", "detect_leaks=0");
}

/// Ends the process of a scenario that this machine cannot run, which does not pass silently.
pub fn skip(why: &str) -> ! {
    eprintln!("skipped: {why}");
    exit(SKIPPED);
}

fn limit() -> Duration {
    LIMIT * sanitizer::slowness()
}

/// Starts this program again for one scenario, and returns why it failed.
fn run(test: &str, name: &str, prepare: &impl Fn(&mut Command)) -> Result<(), String> {
    let mut said = tempfile::tempfile().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(SCENARIO, name)
        .stdout(said.try_clone().unwrap())
        .stderr(said.try_clone().unwrap())
        // With all that it starts, so that these end with it.
        .process_group(0);
    prepare(&mut command);
    let mut child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            eprintln!("{test}: skipped: {error}");
            return Ok(());
        }
        child => child.unwrap(),
    };
    let status = wait(&mut child).unwrap();
    let text = text(&mut said);
    let why = match status {
        None => format!("hangs: not done after {:?}", limit()),
        Some(status) if status.code() == Some(SKIPPED) => {
            eprint!("{test}: {name}: {text}");
            return Ok(());
        }
        Some(status) => match status.signal() {
            Some(signal) => format!("ended by signal {signal}"),
            None if status.success() && text.contains(DONE) => return Ok(()),
            None => format!("failed ({status})"),
        },
    };
    Err(format!("{why}\n{}", indented(&text)))
}

/// Waits for the child until the limit, and kills it then.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    while begin.elapsed() < limit() {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: kill(2) takes no pointer; the child has not been waited for, so the group is its own.
    unsafe { libc::kill(-(child.id() as libc::pid_t), libc::SIGKILL) };
    child.wait()?;
    Ok(None)
}

fn text(said: &mut File) -> String {
    let mut bytes = Vec::new();
    said.rewind().unwrap();
    said.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a process said, without what the test program itself says.
fn indented(text: &str) -> String {
    const ITS_OWN: [&str; 6] = [
        "running 1 test",
        "test ",
        "failures:",
        "    ",
        "FAILED",
        "note: ",
    ];
    text.lines()
        .filter(|line| !line.is_empty() && !ITS_OWN.iter().any(|own| line.starts_with(own)))
        .map(|line| format!("    {line}\n"))
        .collect()
}
