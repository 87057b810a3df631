//! The socket of the live view: when there is one, who may connect, and when it is gone.
#![cfg(not(zokio_no_monitor))]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/view.rs"]
mod view;
#[path = "support/wait.rs"]
mod wait;

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::sync::Mutex;

use tempfile::TempDir;
use zokio::runtime::Runtime;

use self::apart::{SCHEDULERS, apart, builder, on_each_scheduler, runtime, sanitizer};
use self::view::Viewer;
use self::wait::wait_until;

/// The folder of the test, in the process of a scenario.
const FOLDER: &str = "ZOKIO_TEST_FOLDER";

/// A folder that the test and the processes of its scenarios share.
struct Folder {
    /// `None` in the process of a scenario.
    made: Option<TempDir>,
    path: PathBuf,
}

impl Folder {
    fn new() -> Folder {
        match std::env::var_os(FOLDER) {
            Some(path) => Folder {
                made: None,
                path: path.into(),
            },
            None => {
                let made = tempfile::tempdir().unwrap();
                let path = made.path().to_owned();
                let made = Some(made);
                Folder { made, path }
            }
        }
    }

    fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn names(&self) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = fs::read_dir(&self.path).unwrap().map(name);
        names.map(|name| name.into_string().unwrap()).collect()
    }
}

/// The names of this process's threads.
fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let name = |task: io::Result<fs::DirEntry>| {
        // A thread may have ended by the time that its name is read.
        let name = fs::read_to_string(task.unwrap().path().join("comm")).ok()?;
        Some(name.trim().to_owned())
    };
    tasks.filter_map(name).collect()
}

fn is_viewed() -> bool {
    threads().iter().any(|name| name == "zokio-view")
}

#[test]
fn the_socket_is_that_of_this_user_and_goes_with_the_runtime() {
    let test = "the_socket_is_that_of_this_user_and_goes_with_the_runtime";
    on_each_scheduler(test, |workers| {
        let folder = Folder::new();
        let path = folder.join("view");
        let runtime = builder(workers).monitor(&path).build().unwrap();
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        // SAFETY: geteuid(2) takes no argument.
        assert_eq!(metadata.uid(), unsafe { libc::geteuid() });
        let viewer = Viewer::connect(&path);
        assert_eq!(viewer.greeting["pid"], std::process::id());
        let program = std::env::current_exe().unwrap();
        assert_eq!(viewer.greeting["program"], program.to_str().unwrap());
        assert_eq!(folder.names(), ["view"]);
        assert!(is_viewed());
        drop(runtime);
        assert!(folder.names().is_empty());
        wait_until("the thread stays", || !is_viewed());
    });
}

#[test]
fn nothing_is_started_that_was_not_asked_for() {
    let test = "nothing_is_started_that_was_not_asked_for";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        runtime.block_on(async { zokio::spawn(async {}).await.unwrap() });
        assert!(!is_viewed(), "{:?}", threads());
    });
}

#[test]
fn the_environment_asks_for_a_folder() {
    let folder = Folder::new();
    let prepare = |command: &mut Command| {
        command.env("ZOKIO_MONITOR", &folder.path);
        command.env(FOLDER, &folder.path);
    };
    let test = "the_environment_asks_for_a_folder";
    apart(test, &["0", "2"], prepare, |workers| {
        let first = runtime(workers.parse().unwrap());
        let second = runtime(workers.parse().unwrap());
        let name = format!("{}.sock", std::process::id());
        assert_eq!(folder.names(), std::slice::from_ref(&name));
        let mut viewer = Viewer::connect(folder.join(&name));
        assert_eq!(viewer.runtimes().len(), 2);
        drop(first);
        // The other one is still there.
        assert_eq!(viewer.runtimes().len(), 1);
        drop(second);
        let end = viewer.next().unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        assert!(folder.names().is_empty());
        let _third = runtime(workers.parse().unwrap());
        let mut viewer = Viewer::connect(folder.join(&name));
        assert_eq!(viewer.runtimes().len(), 1);
    });
    assert!(folder.names().is_empty());
}

/// A process may end while its runtime is alive, on any thread.
#[test]
fn the_file_goes_with_the_process() {
    // Found by a leak checker.
    static KEPT: Mutex<Vec<Runtime>> = Mutex::new(Vec::new());
    let folder = Folder::new();
    let socket = folder.join("view");
    let prepare = |command: &mut Command| {
        command.env("ZOKIO_MONITOR", &socket);
        command.env(FOLDER, &folder.path);
    };
    let names: Vec<String> = ["main", "task"]
        .iter()
        .flat_map(|how| SCHEDULERS.map(|workers| format!("{how} {workers}")))
        .collect();
    apart("the_file_goes_with_the_process", &names, prepare, |name| {
        let (how, workers) = name.split_once(' ').unwrap();
        let runtime = runtime(workers.parse().unwrap());
        Viewer::connect(&socket);
        match how {
            // The process of a scenario exits at its end.
            "main" => KEPT.lock().unwrap().push(runtime),
            _ => runtime.block_on(async {
                let exits = zokio::spawn(async {
                    println!("the scenario is done");
                    exit(0)
                });
                exits.await.unwrap()
            }),
        }
    });
    assert!(folder.names().is_empty());
}

#[test]
fn a_forked_child_leaves_the_socket_alone() {
    let test = "a_forked_child_leaves_the_socket_alone";
    let prepare = |command: &mut Command| {
        // A leak checker looks for the threads of the parent when the child exits.
        if std::env::var_os("ASAN_OPTIONS").is_some() {
            command.env("ASAN_OPTIONS", "detect_leaks=0");
        }
    };
    apart(test, &["0", "1", "2"], prepare, |workers| {
        let workers = workers.parse().unwrap();
        let folder = Folder::new();
        let path = folder.join("view");
        let _runtime = builder(workers).monitor(&path).build().unwrap();
        // SAFETY: the child calls nothing but exit(3), which calls what the view has registered.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above.
            unsafe { libc::exit(0) };
        }
        let mut status = 0;
        // SAFETY: the pointer names an integer.
        let ended = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!((ended, status), (child, 0));
        assert_eq!(Viewer::connect(&path).runtimes().len(), 1);
    });
}

#[test]
fn a_runtime_of_a_forked_child_works_without_a_view() {
    let test = "a_runtime_of_a_forked_child_works_without_a_view";
    on_each_scheduler(test, |workers| {
        let folder = Folder::new();
        let path = folder.join("view");
        // The lock that the child may not take is that of the runtimes of the parent.
        let _runtime = runtime(workers);
        // SAFETY: no other thread of this process holds a lock that the child needs, but perhaps the
        // one that this is about.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let runtime = builder(0).monitor(&path).build().unwrap();
            let sum = runtime.block_on(async { zokio::spawn(async { 1 + 1 }).await.unwrap() });
            let status = i32::from(path.exists() || sum != 2);
            drop(runtime);
            // SAFETY: as above.
            unsafe { libc::_exit(status) };
        }
        let mut status = 0;
        // SAFETY: the pointer names an integer.
        let ended = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!((ended, status), (child, 0));
    });
}

#[test]
fn what_a_killed_process_left_is_replaced() {
    let folder = Folder::new();
    let socket = folder.join("view");
    drop(UnixListener::bind(&socket).unwrap());
    let runtime = builder(2).monitor(&socket).build().unwrap();
    assert_eq!(Viewer::connect(&socket).runtimes().len(), 1);
    drop(runtime);
    assert!(folder.names().is_empty());
}

#[test]
fn a_path_that_is_too_long_for_a_client_has_no_socket() {
    let folder = Folder::new();
    let path = folder.join(&"x".repeat(108 - folder.join("").as_os_str().len()));
    let runtime = builder(2).monitor(&path).build().unwrap();
    runtime.block_on(async { zokio::spawn(async {}).await.unwrap() });
    assert!(folder.names().is_empty());
}

#[test]
fn what_is_in_use_is_left_alone() {
    let folder = Folder::new();
    let (socket, file) = (folder.join("view"), folder.join("file"));
    let listener = UnixListener::bind(&socket).unwrap();
    fs::write(&file, "text").unwrap();
    for path in [&socket, &file, &folder.join("none").join("view")] {
        let runtime = builder(2).monitor(path).build().unwrap();
        // The program works without the view.
        runtime.block_on(async { zokio::spawn(async {}).await.unwrap() });
    }
    UnixStream::connect(&socket).unwrap();
    listener.accept().unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"text");
    assert_eq!(folder.names().len(), 2);
}

#[test]
fn two_paths_have_a_socket_each() {
    let folder = Folder::new();
    let (one, two) = (folder.join("one"), folder.join("two"));
    let first = builder(0).monitor(&one).name("first").build().unwrap();
    let second = builder(2).monitor(&two).name("second").build().unwrap();
    assert_eq!(Viewer::connect(&one).runtimes()[0]["name"], "first");
    assert_eq!(Viewer::connect(&two).runtimes()[0]["name"], "second");
    drop(first);
    assert_eq!(folder.names(), ["two"]);
    assert_eq!(Viewer::connect(&two).runtimes().len(), 1);
    drop(second);
}

/// Neither through a socket with its own mode, nor through one that was opened to all.
#[test]
fn another_user_cannot_connect() {
    let folder = Folder::new();
    let socket = folder.join("view");
    let is_test = folder.made.is_some();
    // SAFETY: geteuid(2) takes no argument.
    if is_test && unsafe { libc::geteuid() } != 0 {
        eprintln!("another_user_cannot_connect: skipped: only root can become another user");
        return;
    }
    // The process of a scenario makes no runtime: it is the other user.
    let runtime = is_test.then(|| builder(2).monitor(&socket).build().unwrap());
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let is_open = Cell::new(false);
    let prepare = |command: &mut Command| {
        // What keeps the other user out is not the folder.
        allow(&folder.path, 0o755);
        if is_open.replace(true) {
            allow(&socket, 0o666);
        }
        command.env(FOLDER, &folder.path).uid(65534).gid(65534);
    };
    let names = ["its own mode", "open to all"];
    apart("another_user_cannot_connect", &names, prepare, |name| {
        let refused = Viewer::try_connect(&socket).err().unwrap();
        let expected = match name == names[0] {
            true => io::ErrorKind::PermissionDenied,
            false => io::ErrorKind::UnexpectedEof,
        };
        assert_eq!(refused.kind(), expected);
    });
    assert_eq!(Viewer::connect(&socket).runtimes().len(), 1);
    drop(runtime);
}

#[test]
fn a_path_may_be_as_long_as_an_address() {
    let folder = Folder::new();
    for (folder, length) in [90, 99, 100, 101, 102, 106, 107]
        .map(|length| (folder.path.clone(), length))
        .into_iter()
        .chain([106, 107].map(|length| (folder.join(&"y".repeat(80)), length)))
    {
        fs::create_dir_all(&folder).unwrap();
        let short = folder.join("").as_os_str().len();
        let path = folder.join("x".repeat(length - short));
        assert_eq!(path.as_os_str().len(), length);
        let runtime = builder(0).monitor(&path).build().unwrap();
        assert_eq!(Viewer::connect(&path).runtimes().len(), 1, "{length}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        drop(runtime);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}

/// Forks a process that calls `serve`, forks a child that lives on, and ends without a word. Returns
/// what it was and its child. It is not waited for, so that its number is not used again.
fn leaves_a_child(serve: impl FnOnce()) -> (libc::pid_t, libc::pid_t) {
    let mut pipe = [0; 2];
    // SAFETY: the pointer names an array of two integers.
    assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
    // SAFETY: the process is that of a scenario, in which no other thread holds a lock that the child
    // needs.
    let parent = unsafe { libc::fork() };
    if parent == 0 {
        serve();
        // SAFETY: the child calls functions that are async-signal-safe only.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above. It ends even if it is not killed.
            unsafe {
                libc::alarm(60);
                libc::pause();
                libc::_exit(0);
            }
        }
        let bytes = child.to_ne_bytes();
        // SAFETY: the pointer names that many bytes.
        let written = unsafe { libc::write(pipe[1], bytes.as_ptr().cast(), bytes.len()) };
        // SAFETY: _exit(2) takes no pointer.
        unsafe { libc::_exit(i32::from(written != bytes.len() as isize)) };
    }
    let mut bytes = [0; size_of::<libc::pid_t>()];
    // SAFETY: the pointer names that many bytes.
    let read = unsafe { libc::read(pipe[0], bytes.as_mut_ptr().cast(), bytes.len()) };
    assert_eq!(read, bytes.len() as isize);
    // SAFETY: all zeros is a siginfo_t, which the call writes to.
    let waited = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let how = libc::WEXITED | libc::WNOWAIT;
        libc::waitid(libc::P_PID, parent as libc::id_t, &raw mut info, how)
    };
    assert_eq!(waited, 0);
    (parent, libc::pid_t::from_ne_bytes(bytes))
}

fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}

fn kill(child: libc::pid_t) {
    // SAFETY: kill(2) takes no pointer.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0);
}

/// The child has a copy of the listener, to which connections can be made.
#[test]
fn what_a_child_of_a_process_that_has_ended_keeps_is_replaced() {
    if sanitizer::forbids_threads_after_fork() {
        eprintln!("skipped: a view of a forked process needs a thread there");
        return;
    }
    let test = "what_a_child_of_a_process_that_has_ended_keeps_is_replaced";
    apart(
        test,
        &["view", "view with a long path"],
        |_| {},
        |name| {
            let folder = Folder::new();
            let long = "x".repeat(107 - folder.join("").as_os_str().len());
            let path = folder.join(if name == "view" { name } else { &long });
            let (ended, child) = leaves_a_child(|| {
                std::mem::forget(builder(0).monitor(&path).build().unwrap());
            });
            UnixStream::connect(&path).unwrap();
            let left = inode(&path);
            let runtime = builder(2).monitor(&path).build().unwrap();
            assert_ne!(inode(&path), left, "the socket of {ended} is not replaced");
            let viewer = Viewer::connect(&path);
            assert_eq!(viewer.greeting["pid"], std::process::id());
            drop(runtime);
            assert!(folder.names().is_empty());
            kill(child);
        },
    );
}

/// Only a listener of a view is known to be of no use without its process.
#[test]
fn what_a_child_of_another_program_serves_is_left_alone() {
    let test = "what_a_child_of_another_program_serves_is_left_alone";
    apart(
        test,
        &["once"],
        |_| {},
        |_| {
            let folder = Folder::new();
            let path = folder.join("view");
            let (_, child) = leaves_a_child(|| {
                std::mem::forget(UnixListener::bind(&path).unwrap());
            });
            let left = inode(&path);
            let _runtime = builder(2).monitor(&path).build().unwrap();
            assert_eq!(inode(&path), left);
            UnixStream::connect(&path).unwrap();
            kill(child);
        },
    );
}

/// `#[tokio::main]` builds the runtime before a logger can be installed.
#[test]
fn a_program_without_a_log_is_warned_on_standard_error() {
    const WORKERS: &str = "ZOKIO_TEST_WORKERS";
    if let Ok(workers) = std::env::var(WORKERS) {
        drop(runtime(workers.parse().unwrap()));
        return;
    }
    for workers in SCHEDULERS {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("a_program_without_a_log_is_warned_on_standard_error")
            .env(WORKERS, workers.to_string())
            .env("ZOKIO_MONITOR", "/no/folder/view")
            .env("ZOKIO_MONITOR_STUCK_MS", "soon")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("no live view at /no/folder/view: "), "{said}");
        assert!(
            said.contains("ZOKIO_MONITOR_STUCK_MS is \"soon\""),
            "{said}"
        );
    }
}
