//! Runs every example as a user would, and talks to the ones that serve.

#![forbid(unsafe_code)]

#[path = "support/sanitizer.rs"]
mod sanitizer;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Builds the example and returns its program.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test knows its own path");
    // The test lies in PROFILE/deps, an example in PROFILE/examples.
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "zokio", "--example", name]);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // Built for a named target, that name is the folder above the profile.
    let above = profile.parent().and_then(|folder| folder.file_name());
    if let Some(target) = above
        .and_then(|name| name.to_str())
        .filter(|name| name.contains("-linux-"))
    {
        build.args(["--target", target]);
    }
    assert!(
        build.status().expect("cargo runs").success(),
        "{name} does not build"
    );
    profile.join("examples").join(name)
}

/// Runs an example that ends by itself and returns what it printed.
fn output(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(arguments)
        .output()
        .expect("the example runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name}: {}: {errors}",
        output.status
    );
    String::from_utf8(output.stdout).expect("the example prints UTF-8")
}

/// An example that serves until it is told to stop.
struct Server {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start(name: &str) -> Server {
        Server::spawn(&mut Command::new(program(name)))
    }

    fn spawn(program: &mut Command) -> Server {
        let mut child = program
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example runs");
        let lines = BufReader::new(child.stdout.take().expect("the pipe was asked for"));
        Server { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .expect("the example prints UTF-8");
        line.trim_end().to_string()
    }

    /// Sends the signal of Ctrl-C and waits for the end.
    fn stop(mut self, address: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .expect("kill runs")
                .success()
        );
        if sanitizer::holds_signals_back() {
            // A connection wakes the thread that the signal waits for.
            let _ = TcpStream::connect(address);
        }
        self.child.wait().expect("the example is a child")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what a test that passes brings about.
        let _ = self.child.kill();
    }
}

#[test]
fn hello() {
    let output = output("hello", &[]);
    let (greeting, driver) = output.split_once('\n').expect("two lines");
    assert_eq!(greeting, "hello, world");
    assert!(
        driver.starts_with("driver: uring (") || driver.starts_with("driver: mio ("),
        "{driver}"
    );
}

#[test]
fn timers() {
    let output = output("timers", &[]);
    let lines: Vec<&str> = output.lines().collect();
    let number = |line: &str| -> u64 {
        line.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .expect("a number")
    };
    assert!(number(lines[0]) >= 20, "{output}");
    assert!(lines[1].starts_with("no minute: "), "{output}");
    let ticks: Vec<u64> = lines[2..].iter().map(|line| number(line)).collect();
    assert_eq!(ticks.len(), 3, "{output}");
    assert!(
        ticks.is_sorted() && ticks.iter().all(|tick| tick % 20 == 0),
        "{output}"
    );
}

#[test]
fn udp() {
    assert_eq!(
        output("udp", &[]),
        "desserts -> stressed\nstressed -> desserts\noikoz -> zokio\n"
    );
}

#[test]
fn lines() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("a folder can be made");
    // More than are open at a time, of 0 to 99 lines; and one longer than the buffer.
    for number in 0..100 {
        fs::write(inner.join(number.to_string()), "line\n".repeat(number))
            .expect("a file can be written");
    }
    fs::write(folder.path().join("long"), "line\n".repeat(50_000)).expect("a file can be written");
    let folder = folder.path().to_str().expect("the folder's name is UTF-8");
    assert_eq!(output("lines", &[folder]), "54950 lines in 101 files\n");
}

#[test]
fn copier() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    let copy = || {
        let [from, to] = [&from, &to].map(|path| path.to_str().expect("the name is UTF-8"));
        output("copier", &[from, to])
    };
    // More chunks than are copied at a time, and a part of one.
    let content: Vec<u8> = (0..1_500_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(&from, &content).expect("a file can be written");
    assert_eq!(copy(), "6000000 bytes\n");
    assert!(fs::read(&to).expect("the copy is there") == content);
    fs::write(&from, "").expect("a file can be written");
    assert_eq!(copy(), "0 bytes\n");
    assert_eq!(fs::read(&to).expect("the copy is there"), b"");
}

#[test]
fn a_server_reports_a_taken_port_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    // In the words of the C library: musl has others than glibc.
    let taken = std::io::Error::from_raw_os_error(libc::EADDRINUSE);
    let refused = format!("{address} failed: {taken}\n");
    let named = format!("cannot listen at {address}: {taken}\n");
    for (name, expected) in [
        ("echo", &refused),
        ("http_server", &refused),
        ("owned_echo", &named),
        ("ring_echo", &named),
    ] {
        let output = Command::new(program(name))
            .arg(&address)
            .output()
            .expect("the example runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}");
        assert!(errors.ends_with(expected), "{name}: {errors}");
    }
}

#[test]
fn echo() {
    echoes("echo");
}

#[test]
fn owned_echo() {
    echoes("owned_echo");
}

#[test]
fn ring_echo() {
    echoes("ring_echo");
}

#[test]
fn owned_echo_disconnects_when_it_is_stopped() {
    disconnects_when_it_is_stopped("owned_echo");
}

#[test]
fn ring_echo_disconnects_when_it_is_stopped() {
    disconnects_when_it_is_stopped("ring_echo");
}

fn disconnects_when_it_is_stopped(name: &str) {
    let mut server = Server::start(name);
    let line = server.line();
    let address = line
        .strip_prefix("listening on ")
        .expect("the address is printed first");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.write_all(b"silent").expect("the server reads");
    let mut answer = [0; 6];
    stream
        .read_exact(&mut answer)
        .expect("the server sends it back");
    assert_eq!(&answer, b"silent");
    assert!(server.stop(address).success());
    assert_eq!(stream.read(&mut answer).expect("it is closed"), 0);
}

/// Has a server send back what is more than fits into the sockets.
fn echoes(name: &str) {
    let mut server = Server::start(name);
    let line = server.line();
    let address = line
        .strip_prefix("listening on ")
        .expect("the address is printed first");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let sent = vec![42; 200_000];
    let mut writer = stream.try_clone().expect("a socket can be cloned");
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            writer.write_all(&sent).expect("the server reads");
            writer
                .shutdown(Shutdown::Write)
                .expect("the socket is connected");
        });
        stream
            .read_to_end(&mut received)
            .expect("the server writes");
        // ThreadSanitizer sees that a thread is joined, but not that its scope ends.
        writing.join().expect("the thread has not panicked");
    });
    assert!(received == sent, "{} bytes came back", received.len());
    assert!(server.line().ends_with(": 200000 bytes"));
    assert!(server.stop(address).success());
}

#[test]
fn adapter_http() {
    let mut server = Server::start("adapter_http");
    let line = server.line();
    let address = line
        .strip_prefix("http://")
        .expect("the address is printed first");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    for path in ["/one", "/two"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut response = String::new();
        let expected = format!("\r\n\r\nhello from {path}\n");
        while !response.ends_with(&expected) {
            let mut part = [0; 1000];
            let count = stream.read(&mut part).expect("it answers");
            assert!(count > 0, "{response}");
            response.push_str(std::str::from_utf8(&part[..count]).expect("it is text"));
        }
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    }
    assert!(server.stop(address).success());
}

#[test]
fn http_server() {
    let mut server = Server::start("http_server");
    let line = server.line();
    let address = line
        .strip_prefix("http://")
        .expect("the address is printed first");
    assert!(server.line().starts_with("driver: "));

    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .expect("it reads");
    let mut response = String::new();
    stream
        .read_to_string(&mut response)
        .expect("it answers and closes");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(
        response.ends_with("\r\n\r\nhello from zokio over HTTP/1\n"),
        "{response}"
    );

    // A connection that is open and idle does not keep the server from stopping.
    let mut idle = TcpStream::connect(address).expect("the server listens");
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .expect("it reads");
    let mut first = [0; 15];
    idle.read_exact(&mut first).expect("it answers");
    assert_eq!(&first, b"HTTP/1.1 200 OK");

    // HTTP/2 with prior knowledge: the preface and empty settings are answered with settings.
    let mut http2 = TcpStream::connect(address).expect("the server listens");
    http2
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .expect("it reads");
    let mut header = [0; 9];
    http2.read_exact(&mut header).expect("it answers");
    assert_eq!(header[3], 4, "a settings frame: {header:?}");
    drop(http2);

    assert!(server.stop(address).success());
}

/// The resident memory of a process, in KiB.
fn resident(process: &Child) -> usize {
    let path = format!("/proc/{}/status", process.id());
    let status = fs::read_to_string(path).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    figure.and_then(|kib| kib.parse().ok()).expect("a figure")
}

#[test]
#[cfg_attr(not(target_env = "gnu"), ignore = "it sets glibc's allocator")]
fn http_server_frees_the_memory_of_its_connections() {
    const CONNECTIONS: usize = 400;
    if sanitizer::slowness() > 1 {
        eprintln!("skipped: a sanitizer's allocator keeps what is freed");
        return;
    }
    // glibc keeps most of what is freed. Set like this it maps blocks of 4 KiB and more by
    // themselves where no free block fits, and unmaps these as soon as they are freed
    // (mallopt(3)). So what is resident shows that the server frees.
    let mut server = Command::new(program("http_server"));
    let mut server = Server::spawn(server.env("MALLOC_MMAP_THRESHOLD_", "4096"));
    let line = server.line();
    let address = line.strip_prefix("http://").expect("the address");
    let mut bound = usize::MAX;
    for _ in 0..3 {
        let connections: Vec<TcpStream> = (0..CONNECTIONS)
            .map(|_| {
                let mut stream = TcpStream::connect(address).expect("the server listens");
                stream
                    .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                    .expect("it reads");
                stream.read_exact(&mut [0; 15]).expect("it answers");
                stream
            })
            .collect();
        let loaded = resident(&server.child);
        drop(connections);
        // A connection has two buffers of 8 KiB, half of which is in memory. At least half of that
        // goes back, and the rounds that follow add less than the rest.
        bound = bound.min(loaded - CONNECTIONS * 8 / 2);
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut left = resident(&server.child);
        while left > bound {
            assert!(Instant::now() < deadline, "{left} of {loaded} KiB are left");
            thread::sleep(Duration::from_millis(10));
            left = resident(&server.child);
        }
    }
    assert!(server.stop(address).success());
}
