//! A program that was built without the live view (`--cfg zokio_no_monitor`) and is asked for it.
#![cfg(zokio_no_monitor)]

#[path = "support/apart.rs"]
mod apart;

use std::fs;
use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};

use self::apart::{SCHEDULERS, runtime};

static LOGGED: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let entry = (record.level(), record.args().to_string());
        LOGGED.lock().unwrap().push(entry);
    }

    fn flush(&self) {}
}

/// Builds two runtimes, and returns the warnings that name the variable `name`.
fn warnings_about(name: &str, workers: usize) -> Vec<String> {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(LevelFilter::Trace);
    for _ in 0..2 {
        let runtime = runtime(workers);
        assert_eq!(
            runtime.block_on(async { zokio::spawn(async { 7 }).await.unwrap() }),
            7
        );
    }
    let logged = LOGGED.lock().unwrap();
    let about = logged
        .iter()
        .filter(|(level, text)| *level == Level::Warn && text.contains(name));
    about.map(|(_, text)| text.clone()).collect()
}

#[test]
fn a_socket_that_is_asked_for_is_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    apart::on_schedulers_prepared(
        "a_socket_that_is_asked_for_is_one_warning",
        &SCHEDULERS,
        |command| {
            command.env("ZOKIO_MONITOR", folder.path());
        },
        |workers| {
            let warnings = warnings_about("ZOKIO_MONITOR", workers);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].contains("zokio_no_monitor"), "{warnings:?}");
        },
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_log_of_stuck_workers_that_is_asked_for_is_one_warning() {
    apart::on_schedulers_prepared(
        "a_log_of_stuck_workers_that_is_asked_for_is_one_warning",
        &SCHEDULERS,
        |command| {
            command.env("ZOKIO_MONITOR_STUCK_MS", "100");
        },
        |workers| {
            let warnings = warnings_about("ZOKIO_MONITOR_STUCK_MS", workers);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
        },
    );
}

#[test]
fn a_program_that_is_asked_for_nothing_warns_of_nothing() {
    apart::on_schedulers_prepared(
        "a_program_that_is_asked_for_nothing_warns_of_nothing",
        &SCHEDULERS,
        |command| {
            command
                .env("ZOKIO_MONITOR", "")
                .env_remove("ZOKIO_MONITOR_STUCK_MS");
        },
        |workers| assert_eq!(warnings_about("ZOKIO_MONITOR", workers), [""; 0]),
    );
}
