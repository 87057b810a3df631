//! Workers that are in one poll for too long: their stacks, and the log.
#![cfg(not(zokio_no_monitor))]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/view.rs"]
mod view;
#[path = "support/wait.rs"]
mod wait;

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, id};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use log::{Log, Metadata, Record};
use serde_json::Value;
use zokio::runtime::Runtime;
use zokio::task;

use self::apart::{SCHEDULERS, builder, sanitizer};
use self::view::{SetsAtEnd, Viewer};
use self::wait::wait_until;

/// Runs until it is told to stop, in a function of this name.
#[inline(never)]
fn hold_the_worker(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        black_box(stop);
    }
}

/// Spawns a task that holds its worker, after it has called `first`.
fn hold(
    runtime: &Runtime,
    stop: &Arc<AtomicBool>,
    first: impl FnOnce() + Send + 'static,
) -> task::JoinHandle<()> {
    let stop = stop.clone();
    let _entered = runtime.enter();
    let spawned = task::Builder::new().name("holder").spawn(async move {
        first();
        hold_the_worker(&stop);
    });
    spawned.unwrap()
}

/// Fails unless this is the stack of a thread that runs the holder.
#[track_caller]
fn is_stack_of_holder(stack: &Value) {
    assert_eq!(stack["name"], "holder", "{stack}");
    let here = format!("{}:", file!());
    assert!(stack["at"].as_str().unwrap().starts_with(&here));
    assert!(stack["task"].is_u64() && stack["since"].is_u64());
    let number = |value: &Value| value.as_u64().unwrap();
    let registers = &stack["registers"];
    let (ip, sp) = (number(&registers["ip"]), number(&registers["sp"]));
    assert_eq!(number(&stack["stack_at"]), sp);
    let bytes = stack["stack"].as_str().unwrap();
    assert!(!bytes.is_empty() && bytes.len() % 2 == 0);
    // The thread is in a mapped file, which is this program.
    let program = std::env::current_exe().unwrap();
    let maps = stack["maps"].as_str().unwrap();
    let of_ip = maps.lines().find(|line| {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        (address(start)..address(end)).contains(&ip)
    });
    let of_ip = of_ip.unwrap_or_else(|| panic!("{ip:x} is in none of {maps}"));
    assert!(of_ip.ends_with(program.to_str().unwrap()), "{of_ip}");
}

#[test]
fn a_client_gets_the_stack_of_a_worker() {
    if sanitizer::holds_signals_back() {
        eprintln!("skipped: a thread in a loop answers no signal under ThreadSanitizer");
        return;
    }
    for workers in SCHEDULERS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("view");
        let runtime = builder(workers).monitor(&path).build().unwrap();
        let stop = Arc::<AtomicBool>::default();
        let task = hold(&runtime, &stop, || ());
        std::thread::scope(|scope| {
            let _stop = SetsAtEnd(&stop);
            scope.spawn(|| runtime.block_on(task).unwrap());
            let mut viewer = Viewer::connect(&path);
            let mut index = None;
            while index.is_none() {
                let runtimes = viewer.runtimes();
                let workers = runtimes[0]["workers"].as_array().unwrap();
                index = workers.iter().position(|worker| worker["name"] == "holder");
            }
            let request = format!("stack {} {}", runtime.handle().id(), index.unwrap());
            // On a busy machine the thread may not run soon enough to answer.
            let mut answers = (0..100).map(|_| viewer.ask(&request));
            let stack = answers.find_map(|mut answer| Some(answer.get_mut("stack")?.take()));
            is_stack_of_holder(&stack.expect("there is no answer"));
        });
    }
}

/// Calls `f` while this thread takes no `SIGURG`: one that comes waits until then.
fn deaf<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: both calls get a whole set, which the first fills.
    unsafe {
        let mut urgent: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut urgent, libc::SIGURG);
        let mask = |how| assert_eq!(libc::pthread_sigmask(how, &urgent, null_mut()), 0);
        mask(libc::SIG_BLOCK);
        let result = f();
        mask(libc::SIG_UNBLOCK);
        result
    }
}

/// Returns whether a request for its stack waits for this thread.
fn is_asked() -> bool {
    // SAFETY: the call fills the set, which the other reads.
    unsafe {
        let mut pending: libc::sigset_t = std::mem::zeroed();
        assert_eq!(libc::sigpending(&mut pending), 0);
        libc::sigismember(&pending, libc::SIGURG) == 1
    }
}

/// The variable that has [`child`] do something: how many workers there are, and where the socket is
/// to be.
const CHILD: &str = "ZOKIO_TEST_STUCK";
const INTERRUPTED: &str = "ZOKIO_TEST_INTERRUPTED";

/// What the test below runs in a process of its own, whose log it reads.
#[test]
fn child() {
    let Some(argument) = std::env::var_os(CHILD) else {
        return;
    };
    env_logger::init();
    let workers = argument.to_str().unwrap().parse().unwrap();
    let runtime = builder(workers).build().unwrap();
    let saved = PathBuf::from(std::env::var_os("TMPDIR").unwrap());
    let saved_now = || {
        let file = fs::read_dir(&saved).unwrap().next()?.unwrap();
        let line = fs::read(file.path()).unwrap();
        line.ends_with(b"\n").then_some((file, line))
    };
    let stop = Arc::<AtomicBool>::default();
    for is_late in [false, true] {
        // Longer than a thread has to answer, as a busy machine may let it wait.
        let be_late = || {
            deaf(|| {
                wait_until("it is not asked for its stack", is_asked);
                std::thread::sleep(Duration::from_millis(400));
            });
        };
        let task = hold(&runtime, &stop, move || {
            if is_late {
                be_late()
            }
        });
        std::thread::scope(|scope| {
            let _stop = SetsAtEnd(&stop);
            scope.spawn(|| runtime.block_on(task).unwrap());
            wait_until("no stack is saved", || saved_now().is_some());
            // It is logged once, however long it takes from here.
            std::thread::sleep(Duration::from_millis(100));
        });
        stop.store(false, Ordering::Relaxed);
        let (file, line) = saved_now().unwrap();
        let name = file.file_name().into_string().unwrap();
        assert!(name.starts_with(&format!("{}.stack-1-", id())), "{name}");
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let line: Value = serde_json::from_slice(&line).unwrap();
        match is_late {
            false => is_stack_of_holder(&line["stack"]),
            // It may have answered at once when it could.
            true => assert_eq!(line["stack"]["name"], "holder", "{line}"),
        }
        fs::remove_file(file.path()).unwrap();
    }
}

/// Runs a test of this program in a process of its own, which logs stuck workers and has no socket.
fn run(test: &str, variable: &str, workers: usize, folder: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(variable, workers.to_string())
        .env("ZOKIO_MONITOR_STUCK_MS", "20")
        .env("RUST_LOG", "zokio=warn")
        // Without a socket, stacks are saved here.
        .env_remove("ZOKIO_MONITOR")
        .env("TMPDIR", folder)
        .output()
        .unwrap()
}

#[test]
fn a_poll_that_takes_long_is_logged_once() {
    if sanitizer::holds_signals_back() {
        eprintln!("skipped: a thread in a loop answers no signal under ThreadSanitizer");
        return;
    }
    for workers in SCHEDULERS {
        let folder = tempfile::tempdir().unwrap();
        let output = run("child", CHILD, workers, folder.path());
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        let entries: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("one poll"))
            .collect();
        assert_eq!(entries.len(), 2, "{log}");
        for entry in entries {
            let here = format!("spawned at {}:", file!());
            for part in ["of runtime 1 ", "(holder)", &here, "zokio-top stack "] {
                assert!(entry.contains(part), "{part}: {entry}");
            }
        }
    }
}

/// What the test below runs in a process of its own: a task ends when its stack is taken, since a
/// signal ends its system call.
#[test]
fn child_that_is_interrupted() {
    static ENTRIES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Entries;
    impl Log for Entries {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &Record<'_>) {
            ENTRIES.lock().unwrap().push(record.args().to_string());
        }
        fn flush(&self) {}
    }
    let Some(workers) = std::env::var_os(INTERRUPTED) else {
        return;
    };
    log::set_logger(&Entries).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let runtime = builder(workers.to_str().unwrap().parse().unwrap())
        .name("two\nlines")
        .build()
        .unwrap();
    let entry = || {
        let entries = ENTRIES.lock().unwrap();
        entries
            .iter()
            .find(|entry| entry.contains("one poll"))
            .cloned()
    };
    // Until an attempt is answered in time, on a busy machine.
    while entry().is_none() {
        let entered = runtime.enter();
        let sleeper = task::Builder::new().name("slee\u{1b}[2Jper\n");
        let sleeps = sleeper.spawn(async {
            let day = libc::timespec {
                tv_sec: 86_400,
                tv_nsec: 0,
            };
            // SAFETY: the kernel reads a whole `timespec`.
            assert_eq!(unsafe { libc::nanosleep(&day, null_mut()) }, -1);
        });
        drop(entered);
        runtime.block_on(sleeps.unwrap()).unwrap();
        // The view logs when it has the stack; if it was late, it has found that the poll is over.
        let spawned = std::time::Instant::now();
        while entry().is_none() && spawned.elapsed() < Duration::from_secs(2) {
            std::thread::yield_now();
        }
    }
    println!("{}", entry().unwrap());
}

#[test]
fn a_task_whose_poll_ends_by_the_signal_is_named_within_its_line() {
    if sanitizer::holds_signals_back() {
        eprintln!("skipped: a thread in a loop answers no signal under ThreadSanitizer");
        return;
    }
    for workers in SCHEDULERS {
        let folder = tempfile::tempdir().unwrap();
        let output = run(
            "child_that_is_interrupted",
            INTERRUPTED,
            workers,
            folder.path(),
        );
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        let entry = said.lines().find(|line| line.contains("one poll")).unwrap();
        assert!(entry.contains("(slee\\u{1b}[2Jper\\n)"), "{entry}");
        assert!(entry.contains("of runtime two\\nlines "), "{entry}");
    }
}
