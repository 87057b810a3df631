//! A connection to a process: requests, and the lines that answer them.
//!
//! One request is made at a time. Every line is waited for with a limit, since a process that is stopped
//! answers nothing, and has a greatest length.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::protocol::{Hello, Place, Snapshot, Task};

/// The protocol that this program knows.
const PROTOCOL: u32 = 1;

/// How long a process may take for a line, and the first one with the connection.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The greatest length of a line in bytes. Answers that may be long are split into several lines.
const LINE: usize = 64 << 20;

/// A connection to one process.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    hello: Hello,
    /// How long a line may take.
    limit: Duration,
}

/// The error of a process that has a socket, but sends no line in time.
#[derive(Debug)]
pub struct NoAnswer {
    /// Where its socket is.
    pub path: PathBuf,
    /// How long it was waited for.
    pub limit: Duration,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let seconds = self.limit.as_secs_f64();
        write!(
            f,
            "the process does not answer on {path}: no line for {seconds} s; is it stopped?"
        )
    }
}

impl Error for NoAnswer {}

/// What the recorders of a process hold.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The events, in order for each worker.
    pub events: Vec<Value>,
    /// How many older ones were overwritten before they could be read.
    pub lost: u64,
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if no process serves the socket, if it does not let this user in, if it has
    /// another protocol, or, which is a [`NoAnswer`], if it does not answer.
    pub fn connect(path: &Path) -> Result<Self> {
        Self::connect_within(path, LIMIT)
    }

    /// Connects to the socket at `path`, within `limit`.
    ///
    /// # Errors
    ///
    /// See [`connect`](Self::connect).
    pub fn connect_within(path: &Path, limit: Duration) -> Result<Self> {
        let end = Instant::now() + limit;
        let silent = || NoAnswer {
            path: path.to_path_buf(),
            limit,
        };
        let stream = connected(path, limit).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => silent().into(),
            _ => refused(path, &error),
        })?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut client = Self {
            path: path.to_path_buf(),
            stream: BufReader::with_capacity(1 << 16, stream),
            hello: Hello::default(),
            limit,
        };
        let line = client.line(end)?;
        client.limit = LIMIT;
        client.hello = serde_json::from_value(line).with_context(|| {
            format!(
                "{} is a socket, but not the one of a zokio process",
                path.display()
            )
        })?;
        if client.hello.protocol != PROTOCOL {
            bail!(
                "process {} has protocol {}, this program {PROTOCOL}: use the zokio-top of zokio {}",
                client.hello.pid,
                client.hello.protocol,
                client.hello.zokio
            );
        }
        Ok(client)
    }

    /// Returns the first line of the connection.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Returns the path of the socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Asks for a snapshot.
    ///
    /// # Errors
    ///
    /// As all requests, returns an error if the process has ended, takes too long, or answers with an
    /// error.
    pub fn snapshot(&mut self) -> Result<Snapshot> {
        decode(self.request("snapshot", "snapshot")?)
    }

    /// Asks for all tasks.
    ///
    /// # Errors
    ///
    /// See [`snapshot`](Self::snapshot).
    pub fn tasks(&mut self) -> Result<Vec<Task>> {
        let mut tasks = Vec::new();
        self.lines("tasks", |line| {
            let part: Vec<Task> = decode(field(line, "tasks")?)?;
            tasks.extend(part);
            Ok(())
        })?;
        Ok(tasks)
    }

    /// Asks for the places where tasks were spawned.
    ///
    /// # Errors
    ///
    /// See [`snapshot`](Self::snapshot).
    pub fn places(&mut self) -> Result<Vec<Place>> {
        decode(self.request("places", "places")?)
    }

    /// Asks for registers and stack of a worker.
    ///
    /// # Errors
    ///
    /// See [`snapshot`](Self::snapshot).
    pub fn stack(&mut self, runtime: u64, worker: u64) -> Result<Value> {
        self.request(&format!("stack {runtime} {worker}"), "stack")
    }

    /// Asks for what the recorders hold.
    ///
    /// # Errors
    ///
    /// See [`snapshot`](Self::snapshot).
    pub fn events(&mut self) -> Result<Recorded> {
        let mut recorded = Recorded::default();
        self.lines("events", |line| {
            recorded.lost += line.get("lost").and_then(Value::as_u64).unwrap_or(0);
            let Value::Array(part) = field(line, "events")? else {
                bail!("the process answered with events that are no list");
            };
            recorded.events.extend(part);
            Ok(())
        })?;
        Ok(recorded)
    }

    /// Asks for the metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// See [`snapshot`](Self::snapshot).
    pub fn metrics(&mut self) -> Result<String> {
        decode(self.request("metrics", "metrics")?)
    }

    fn request(&mut self, request: &str, name: &str) -> Result<Value> {
        self.send(request)?;
        let line = self.line(Instant::now() + self.limit)?;
        field(line, name)
    }

    /// Makes a request that several lines answer.
    fn lines(&mut self, request: &str, mut take: impl FnMut(Value) -> Result<()>) -> Result<()> {
        self.send(request)?;
        loop {
            let line = self.line(Instant::now() + self.limit)?;
            let more = line.get("more").and_then(Value::as_bool).unwrap_or(false);
            take(line)?;
            if !more {
                return Ok(());
            }
        }
    }

    fn send(&mut self, request: &str) -> Result<()> {
        let line = format!("{request}\n");
        self.stream
            .get_mut()
            .write_all(line.as_bytes())
            .map_err(|error| self.lost(&error))
    }

    /// Returns the next line, if that is complete before `end`.
    fn line(&mut self, end: Instant) -> Result<Value> {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            match self.part(end) {
                Ok([]) => {
                    bail!("the process has closed {}", self.path.display())
                }
                Ok(part) => {
                    let end = part.iter().position(|byte| *byte == b'\n');
                    let length = end.map_or(part.len(), |at| at + 1);
                    line.extend_from_slice(&part[..length]);
                    self.stream.consume(length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(&error)),
            }
            if line.len() > LINE {
                bail!(
                    "{} sends a line that is longer than {} MiB",
                    self.path.display(),
                    LINE >> 20
                );
            }
        }
        let value: Value = serde_json::from_slice(&line)
            .with_context(|| format!("{} sends lines that are no JSON", self.path.display()))?;
        match value.get("error").and_then(Value::as_str) {
            Some(error) => bail!("the process answered: {error}"),
            None => Ok(value),
        }
    }

    /// Waits until `end` for bytes, and returns none at the end of the stream.
    fn part(&mut self, end: Instant) -> io::Result<&[u8]> {
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.get_ref().set_read_timeout(Some(rest))?;
        self.stream.fill_buf()
    }

    fn lost(&self, error: &io::Error) -> anyhow::Error {
        let path = self.path.display();
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => NoAnswer {
                path: self.path.clone(),
                limit: self.limit,
            }
            .into(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                anyhow!("the process has closed {path}")
            }
            _ => anyhow!("cannot talk to {path}: {error}"),
        }
    }
}

/// Connects within a time: a process that accepts nothing has a queue of connections, and once that is
/// full, `connect` waits as long as a send may.
fn connected(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(limit))?;
    rustix::io::retry_on_intr(|| net::connect(&socket, &address))?;
    Ok(UnixStream::from(socket))
}

fn refused(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => anyhow!("there is no socket at {path}"),
        ErrorKind::PermissionDenied => {
            anyhow!(
                "the socket {path} belongs to another user, and only that user and root may attach"
            )
        }
        ErrorKind::ConnectionRefused => {
            anyhow!("no process serves {path}: the one that made it has ended, or it is no socket")
        }
        _ => anyhow!("cannot attach to {path}: {error}"),
    }
}

fn field(mut line: Value, name: &str) -> Result<Value> {
    line.get_mut(name)
        .map(Value::take)
        .ok_or_else(|| anyhow!("the process answered without {name:?}"))
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).context("the process answered what this program does not know")
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;
    use std::time::Duration;

    use super::{BufRead, BufReader, Client, NoAnswer, Result, Write};

    const HELLO: &str = r#"{"zokio":"0.1.0","protocol":1,"pid":7,"program":"/bin/x","now":1}"#;

    /// Serves one connection with the given lines, after a request line each but for the first.
    fn served(lines: &'static [&'static str]) -> (tempfile::TempDir, Result<Client>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut requests = BufReader::new(stream.try_clone().unwrap());
            for answer in lines {
                (&stream).write_all(answer.as_bytes()).unwrap();
                (&stream).write_all(b"\n").unwrap();
                if requests.read_until(b'\n', &mut Vec::new()).unwrap_or(0) == 0 {
                    break;
                }
            }
        });
        let client = Client::connect(&path);
        (folder, client)
    }

    #[test]
    fn tasks_are_collected_over_several_lines() {
        let (_folder, client) = served(&[
            HELLO,
            "{\"tasks\":[{\"id\":1}],\"more\":true}\n{\"tasks\":[{\"id\":2}],\"more\":false}",
        ]);
        let ids: Vec<u64> = client
            .unwrap()
            .tasks()
            .unwrap()
            .iter()
            .map(|task| task.id)
            .collect();
        assert_eq!(ids, [1, 2]);
    }

    #[test]
    fn an_error_of_the_process_is_reported_in_its_words() {
        let (_folder, client) = served(&[HELLO, r#"{"error":"no runtime 9"}"#]);
        let error = client.unwrap().stack(9, 0).unwrap_err();
        assert_eq!(error.to_string(), "the process answered: no runtime 9");
    }

    #[test]
    fn a_process_that_does_not_know_its_program_is_attached_to() {
        let (_folder, client) =
            served(&[r#"{"zokio":"0.1.0","protocol":1,"pid":7,"program":null,"now":1}"#]);
        assert_eq!(client.unwrap().hello().pid, 7);
    }

    #[test]
    fn a_line_without_an_end_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let part = vec![b'x'; 1 << 16];
            let mut written = 0_usize;
            // Twice the limit is the end, so that a client without one comes to an end as well.
            while written < 128 << 20 && stream.write_all(&part).is_ok() {
                written += part.len();
            }
            written
        });
        let client = Client::connect_within(&path, Duration::from_secs(60));
        let error = format!("{:#}", client.unwrap_err());
        assert!(error.contains("longer than 64 MiB"), "{error}");
        assert!(server.join().unwrap() < 128 << 20);
    }

    #[test]
    fn a_process_that_sends_no_line_is_told_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let limit = Duration::from_millis(20);
        let silent = || {
            let error = Client::connect_within(&path, limit).unwrap_err();
            assert_eq!(error.downcast::<NoAnswer>().unwrap().path, path);
        };
        // It accepts none: first there is a queue, and then that is full.
        silent();
        rustix::net::listen(&listener, 0).unwrap();
        silent();
        silent();
        // It sends parts of a line for as long as it is listened to.
        drop(listener);
        std::fs::remove_file(&path).unwrap();
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(5));
            }
        });
        silent();
        server.join().unwrap();
    }

    #[test]
    fn a_process_that_stops_after_its_first_line_is_an_error() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            writeln!(stream, "{HELLO}").unwrap();
            // Until the client has given up.
            assert!(receiver.recv().is_err());
        });
        let mut client = Client::connect(&path).unwrap();
        client.limit = Duration::from_millis(20);
        let error = client.snapshot().unwrap_err();
        assert!(error.is::<NoAnswer>(), "{error}");
        drop(sender);
        server.join().unwrap();
    }

    #[test]
    fn another_protocol_is_refused() {
        let (_folder, client) = served(&[r#"{"zokio":"9.0.0","protocol":2,"pid":7}"#]);
        let error = client.unwrap_err().to_string();
        assert!(error.contains("protocol 2"), "{error}");
    }

    #[test]
    fn a_process_that_ends_is_an_error() {
        let (_folder, client) = served(&[HELLO]);
        let error = client.unwrap().snapshot().unwrap_err().to_string();
        assert!(error.contains("has closed"), "{error}");
    }

    #[test]
    fn a_path_without_a_socket_is_told_from_one_that_nothing_serves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let error = Client::connect(&path).unwrap_err().to_string();
        assert!(error.starts_with("there is no socket"), "{error}");
        drop(UnixListener::bind(&path).unwrap());
        let error = Client::connect(&path).unwrap_err().to_string();
        assert!(error.starts_with("no process serves"), "{error}");
    }
}
