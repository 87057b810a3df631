//! A process that has no descriptor left, or a few: a program is started and its end noticed, or
//! there is an error and no program; and what a runtime that cannot be built reports.

#[path = "support/apart.rs"]
mod apart;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use zokio::process::Command;

use self::apart::{SCHEDULERS, apart, builder, runtime, sanitizer, skip};

/// Lets this process have few descriptors, and opens all but `left` of them.
fn use_descriptors(left: usize) -> Vec<File> {
    let limit = libc::rlimit {
        rlim_cur: 64,
        rlim_max: 64,
    };
    // SAFETY: the pointer is to one rlimit, which lives across the call.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0);
    let mut files = Vec::new();
    let error = loop {
        match File::open("/dev/null") {
            Ok(file) => files.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
    files.truncate(files.len() - left);
    files
}

/// How many descriptors are left, and on which scheduler.
fn names() -> Vec<String> {
    (0..6)
        .flat_map(|left| SCHEDULERS.map(|workers| format!("{left} left, {workers} workers")))
        .collect()
}

/// The numbers in a name.
fn numbers(name: &str) -> (usize, usize) {
    let mut numbers = name.split(' ').filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// A program that leaves a mark after a while.
fn program(dir: &tempfile::TempDir) -> (Command, PathBuf) {
    let mark = dir.path().join("mark");
    let mut command = Command::new("sh");
    command
        .args(["-c", "sleep 0.1; : > \"$1\"", "sh"])
        .arg(&mark);
    (command, mark)
}

/// Waits until no program runs, and fails if one ran to its end.
fn no_program_runs() {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to an int, which lives across the call.
        let child = unsafe { libc::waitpid(-1, &raw mut status, 0) };
        if child < 0 {
            let error = io::Error::last_os_error();
            assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
            return;
        }
        // One that was killed before the error was returned may be collected later.
        assert!(
            libc::WIFSIGNALED(status),
            "an error was returned for a program that runs"
        );
    }
}

/// Starts a program in a runtime that was built before, and looks at what became of it.
fn start<F>(name: &str, start: impl FnOnce(Command) -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    if sanitizer::holds_signals_back() {
        skip("ThreadSanitizer starts a program of its own");
    }
    let (left, workers) = numbers(name);
    let runtime = runtime(workers);
    // Its threads have what they need.
    let begun: Vec<_> = (0..8).map(|_| runtime.spawn(async {})).collect();
    for task in begun {
        runtime.block_on(task).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let (command, mark) = program(&dir);
    let files = use_descriptors(left);
    let started = runtime.block_on(async {
        let future = start(command);
        zokio::spawn(future).await.unwrap()
    });
    match started {
        Ok(()) => assert!(mark.exists(), "its end was noticed too early"),
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
            no_program_runs();
        }
    }
    drop(files);
}

/// There was once an error because the end could not be noticed, and the program ran. A caller who
/// tried again started it again.
#[test]
fn spawn_starts_a_program_or_returns_an_error() {
    let test = "spawn_starts_a_program_or_returns_an_error";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            start(name, |mut command| async move {
                let status = command.spawn()?.wait().await.unwrap();
                assert!(status.success());
                Ok(())
            });
        },
    );
}

/// As above, where the program has pipes.
#[test]
fn spawn_with_pipes_starts_a_program_or_returns_an_error() {
    let test = "spawn_with_pipes_starts_a_program_or_returns_an_error";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            start(name, |mut command| async move {
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
                let mut child = command.spawn()?;
                let status = child.wait().await.unwrap();
                assert!(status.success());
                Ok(())
            });
        },
    );
}

/// As above.
#[test]
fn output_starts_a_program_or_returns_an_error() {
    let test = "output_starts_a_program_or_returns_an_error";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            start(name, |mut command| async move {
                let output = command.output().await?;
                assert!(output.status.success());
                Ok(())
            });
        },
    );
}

/// The error of a runtime that could not be built once had no number.
#[test]
fn a_runtime_that_cannot_be_built_returns_the_number_of_the_error() {
    let test = "a_runtime_that_cannot_be_built_returns_the_number_of_the_error";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            let (left, workers) = numbers(name);
            let files = use_descriptors(left);
            let built = builder(workers).build();
            drop(files);
            match built {
                Ok(_) => assert!(left > 0, "a runtime without a descriptor"),
                Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}"),
            }
        },
    );
}
