//! A connection to a process: requests, and the lines that answer them.
//!
//! One request is made at a time. Every answer is waited for with a limit, since a process that is
//! stopped answers nothing.
#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::protocol::{Hello, Place, Snapshot, Task};

/// The protocol that this program knows.
const PROTOCOL: u32 = 1;

/// How long a process may take for a line.
const LIMIT: Duration = Duration::from_secs(30);

/// A connection to one process.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    hello: Hello,
}

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
    /// Returns an error if no process serves the socket, if it does not let this user in, or if it has
    /// another protocol.
    pub fn connect(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path).map_err(|error| refused(path, &error))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut client = Self {
            path: path.to_path_buf(),
            stream: BufReader::new(stream),
            hello: Hello::default(),
        };
        let line = client.line()?;
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
        let line = self.line()?;
        field(line, name)
    }

    /// Makes a request that several lines answer.
    fn lines(&mut self, request: &str, mut take: impl FnMut(Value) -> Result<()>) -> Result<()> {
        self.send(request)?;
        loop {
            let line = self.line()?;
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

    fn line(&mut self) -> Result<Value> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => {}
            Ok(_) => bail!("the process has closed {}", self.path.display()),
            Err(error) => return Err(self.lost(&error)),
        }
        let value: Value = serde_json::from_slice(&line)
            .with_context(|| format!("{} sends lines that are no JSON", self.path.display()))?;
        match value.get("error").and_then(Value::as_str) {
            Some(error) => bail!("the process answered: {error}"),
            None => Ok(value),
        }
    }

    fn lost(&self, error: &std::io::Error) -> anyhow::Error {
        let path = self.path.display();
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => anyhow!(
                "process {} has not answered on {path} for {} s; is it stopped?",
                self.hello.pid,
                LIMIT.as_secs()
            ),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                anyhow!("the process has closed {path}")
            }
            _ => anyhow!("cannot talk to {path}: {error}"),
        }
    }
}

fn refused(path: &Path, error: &std::io::Error) -> anyhow::Error {
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

    use super::{BufRead, BufReader, Client, Result, Write};

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
