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

use zokio::process::Command;
use zokio::runtime::{Builder, Runtime};

use self::limits::allow_descriptors;
use self::support::within_the_limit;

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
    let before = allow_descriptors(200);
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

/// `spawn` returned an error, and the program ran.
#[test]
fn a_child_is_started_and_awaited_without_a_descriptor() {
    let _alone = alone();
    sanitizer::start_symbolizer();
    for runtime in runtimes() {
        within_the_limit(|| {
            let status = without_descriptors(|| {
                runtime.block_on(async {
                    let mut child = Command::new("/bin/sh").args(["-c", "exit 3"]).spawn()?;
                    let other = zokio::spawn(Command::new("/bin/sleep").arg("0.05").status());
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
