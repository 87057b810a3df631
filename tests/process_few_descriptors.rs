//! Children of a process that may open no more descriptors. In a program of its own, one test at a
//! time: the limit is that of the process.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/limits.rs"]
mod limits;
#[path = "support/sanitizer.rs"]
mod sanitizer;
#[path = "support/fs.rs"]
mod support;

use std::fs::File;
use std::io::{self, Read};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zokio::process::{Child, Command};
use zokio::runtime::{Builder, Runtime};

use self::limits::allow_descriptors;
use self::support::within_the_limit;

/// How many descriptors the process may have.
const LIMIT: libc::rlim_t = 200;

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtimes() -> [Runtime; 2] {
    let mut multi = Builder::new_multi_thread();
    multi.worker_threads(2).enable_all();
    let mut current = Builder::new_current_thread();
    current.enable_all();
    [current.build().unwrap(), multi.build().unwrap()]
}

/// Calls `f` while every descriptor that the process may have is in use.
fn without_descriptors<R>(f: impl FnOnce() -> R) -> R {
    let before = allow_descriptors(LIMIT);
    let mut used = Vec::new();
    let error = loop {
        match File::open("/dev/null") {
            Ok(file) => used.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
    let result = f();
    drop(used);
    allow_descriptors(before);
    result
}

/// Starts the process. musl's posix_spawn(3) opens a pipe for a moment, so that there the limit holds
/// from the end of that call on.
fn spawn(command: &mut Command) -> io::Result<Child> {
    if cfg!(not(target_env = "musl")) {
        return command.spawn();
    }
    command.spawn_with(|command| {
        allow_descriptors(LIMIT + 100);
        let child = command.spawn();
        allow_descriptors(LIMIT);
        child
    })
}

/// `spawn` returned an error, and the program ran.
#[test]
fn a_child_is_started_and_awaited_without_a_descriptor() {
    let _alone = alone();
    sanitizer::start_symbolizer();
    for runtime in runtimes() {
        within_the_limit(|| {
            let status = without_descriptors(|| {
                runtime.block_on(async {
                    let mut child = spawn(Command::new("/bin/sh").args(["-c", "exit 3"]))?;
                    let other = zokio::spawn(async {
                        spawn(Command::new("/bin/sleep").arg("0.05"))?.wait().await
                    });
                    let status = child.wait().await?;
                    assert!(other.await.unwrap()?.success());
                    io::Result::Ok(status)
                })
            });
            assert_eq!(status.unwrap().code(), Some(3));
        });
    }
}

/// A child that the runtime cannot wait for is not left running.
#[test]
fn an_error_leaves_no_program_running() {
    let _alone = alone();
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let (mut reader, writer) = io::pipe().unwrap();
        let mut command = Command::new("/bin/sleep");
        command
            .arg("1000")
            .stdout(Stdio::from(writer))
            .stderr(Stdio::null());
        command.spawn().unwrap_err();
        drop(command);
        // The end of the file comes when the last process that has the pipe is gone.
        within_the_limit(|| assert_eq!(reader.read(&mut [0]).unwrap(), 0));
    }
}
