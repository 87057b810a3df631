//! The program of `programs`, started with a socket, and `zokio-top` with arguments.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub mod browser;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// More than anything takes on a machine that is busy otherwise.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Tasks of the program that have a name.
pub const NAMES: [&str; 12] = [
    "contender 1",
    "contender 2",
    "contender 3",
    "sender",
    "receiver",
    "blocker",
    "self waker",
    "forgotten",
    "acceptor",
    "idle reader",
    "keeper",
    "starved",
];

/// A running program, which ends with this.
pub struct Program {
    child: Child,
    /// Where its acceptor listens.
    pub port: u16,
    folder: TempDir,
}

impl Program {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(built())
            .env("ZOKIO_MONITOR", folder.path().join("zokio.sock"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        Self {
            child,
            port: line.trim().parse().unwrap(),
            folder,
        }
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("zokio.sock")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the program once, and returns its path.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // The profile and the features are those of what is built already.
        let profile = if cfg!(debug_assertions) {
            "--profile=dev"
        } else {
            "--profile=release"
        };
        let output = Command::new(env!("CARGO"))
            .args(["build", "-q", "--workspace", profile])
            .arg("--message-format=json")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "the program does not build");
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "twelve-tasks")
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .expect("cargo tells where it put the program")
    })
}

pub const ZOKIO_TOP: &str = env!("CARGO_BIN_EXE_zokio-top");

/// Runs `zokio-top`.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(ZOKIO_TOP).args(arguments).output().unwrap()
}

/// Runs `zokio-top`, which succeeds, and returns what it prints.
pub fn print(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Calls `look` until it returns a value.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(Instant::now() < end, "{what} has not come about");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A server of `zokio-top`, which ends with this.
pub struct Server {
    child: Child,
    /// Its address, as it prints it.
    pub url: String,
}

impl Server {
    pub fn start(command: &str, process: &str) -> Self {
        let mut child = Command::new(ZOKIO_TOP)
            .args([command, process, "--listen", "127.0.0.1:0"])
            .args(["--interval", "500"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().to_string();
        Self { child, url }
    }

    /// Waits until it ends, and returns its exit code.
    pub fn code(&mut self) -> Option<i32> {
        wait_for("the end of the server", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells that a test does not run, even where the output of tests is captured.
pub fn skip(reason: &str) {
    // The macros write where tests are captured.
    let mut output = std::io::stderr();
    writeln!(output, "SKIP: {reason}").unwrap();
}
