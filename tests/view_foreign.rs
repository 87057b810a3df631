//! What the view's thread calls of a program may panic, and what it needs of the system may be short:
//! the view survives that.
#![cfg(not(zokio_no_monitor))]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/view.rs"]
mod view;
#[path = "support/wait.rs"]
mod wait;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use zokio::runtime::Runtime;

use self::apart::{apart, builder, on_each_scheduler};
use self::limits::allow_descriptors;
use self::view::Viewer;
use self::wait::wait_until;

/// Answers the entries of the log that have a text, and counts them.
struct Logger {
    of: Mutex<&'static str>,
    count: AtomicUsize,
    panics: AtomicUsize,
    /// Whether a thread that logs waits.
    holds: Mutex<bool>,
    released: Condvar,
}

static LOGGER: Logger = Logger {
    of: Mutex::new(""),
    count: AtomicUsize::new(0),
    panics: AtomicUsize::new(0),
    holds: Mutex::new(false),
    released: Condvar::new(),
};

impl Logger {
    /// From now on.
    fn start(&'static self, of: &'static str) {
        *self.of.lock().unwrap() = of;
        log::set_logger(self).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn release(&self) {
        *self.holds.lock().unwrap() = false;
        self.released.notify_all();
    }
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = record.args().to_string();
        eprintln!("{text}");
        if !text.contains(*self.of.lock().unwrap()) {
            return;
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        let holds = self.holds.lock().unwrap();
        drop(self.released.wait_while(holds, |holds| *holds).unwrap());
        let left = self
            .panics
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        assert!(left.is_err(), "expected in this test");
    }

    fn flush(&self) {}
}

/// Has a task of `runtime` hold its worker until the logger has been called once more.
fn hold(runtime: &Runtime) {
    let before = LOGGER.count();
    let task = runtime.spawn(async move {
        wait_until("nothing is logged", || LOGGER.count() > before);
    });
    runtime.block_on(task).unwrap();
}

/// In a folder that a scenario leaves to the system.
fn path() -> PathBuf {
    tempfile::tempdir().unwrap().keep().join("view")
}

fn is_shown(path: &Path) {
    assert_eq!(Viewer::connect(path).runtimes().len(), 1);
}

/// The names of the threads that have dropped a value.
static DROPPED_ON: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        let name = thread::current().name().unwrap_or_default().to_owned();
        DROPPED_ON.lock().unwrap().push(name);
        panic!("expected in this test");
    }
}

#[test]
fn a_value_that_panics_when_the_view_drops_it_does_not_end_the_view() {
    let test = "a_value_that_panics_when_the_view_drops_it_does_not_end_the_view";
    on_each_scheduler(test, |workers| {
        LOGGER.start("in one poll");
        let path = path();
        let _other = builder(0).monitor(&path).build().unwrap();
        let value = PanicsWhenDropped;
        let runtime = builder(workers)
            .monitor(&path)
            .monitor_stuck(Duration::from_millis(2))
            .on_thread_park(move || _ = &value)
            .build()
            .unwrap();
        *LOGGER.holds.lock().unwrap() = true;
        // The view looks at the runtime while it logs, and so is the last to have it.
        hold(&runtime);
        drop(runtime);
        assert!(DROPPED_ON.lock().unwrap().is_empty());
        LOGGER.release();
        wait_until("the value is not dropped", || {
            *DROPPED_ON.lock().unwrap() == ["zokio-view"]
        });
        is_shown(&path);
    });
}

#[test]
fn a_logger_that_panics_does_not_end_the_view() {
    let test = "a_logger_that_panics_does_not_end_the_view";
    on_each_scheduler(test, |workers| {
        LOGGER.start("in one poll");
        LOGGER.panics.store(1, Ordering::SeqCst);
        let path = path();
        let runtime = builder(workers)
            .monitor(&path)
            .monitor_stuck(Duration::from_millis(2))
            .build()
            .unwrap();
        let mut viewer = Viewer::connect(&path);
        hold(&runtime);
        assert_eq!(viewer.runtimes().len(), 1);
        // The next poll that takes long is logged.
        hold(&runtime);
        assert_eq!(LOGGER.count(), 2);
        is_shown(&path);
    });
}

#[test]
fn a_process_without_descriptors_is_shown_once_it_has_some_again() {
    let test = "a_process_without_descriptors_is_shown_once_it_has_some_again";
    on_each_scheduler(test, |workers| {
        LOGGER.start("live view rests");
        let path = path();
        let _runtime = builder(workers).monitor(&path).build().unwrap();
        let mut viewer = Viewer::connect(&path);
        let before = allow_descriptors(0);
        // This wakes the view, one of whose next waits is refused.
        viewer.send("snapshot\n");
        wait_until("nothing is logged", || LOGGER.count() > 0);
        allow_descriptors(before);
        assert!(viewer.next().unwrap()["snapshot"].is_object());
        assert_eq!(viewer.runtimes().len(), 1);
        is_shown(&path);
        assert_eq!(LOGGER.count(), 1);
    });
}

#[test]
fn that_there_is_no_view_is_logged_once_for_each_path() {
    let test = "that_there_is_no_view_is_logged_once_for_each_path";
    apart(
        test,
        &["once"],
        |_| {},
        |_| {
            LOGGER.start("no live view");
            let folder = tempfile::tempdir().unwrap();
            for round in 1..=2 {
                for (count, name) in (1..).zip(["one", "two"]) {
                    let path = folder.path().join(name).join("view");
                    drop(builder(0).monitor(path).build().unwrap());
                    let expected = if round == 1 { count } else { 2 };
                    assert_eq!(LOGGER.count(), expected);
                }
            }
        },
    );
}
