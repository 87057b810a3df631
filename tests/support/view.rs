//! A client of the live view.
#![allow(dead_code)]

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

/// How long a line may take: only one that never comes takes as long.
const LIMIT: Duration = Duration::from_secs(60);

/// Sets a flag when it is dropped, so that what waits for the flag ends also after a panic.
pub struct SetsAtEnd<'a>(pub &'a AtomicBool);

impl Drop for SetsAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection that was greeted.
pub struct Viewer {
    reader: BufReader<UnixStream>,
    pub greeting: Value,
}

impl Viewer {
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> Viewer {
        Viewer::try_connect(path).unwrap()
    }

    pub fn try_connect(path: impl AsRef<Path>) -> io::Result<Viewer> {
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(LIMIT))?;
        let mut viewer = Viewer {
            reader: BufReader::new(socket),
            greeting: Value::Null,
        };
        viewer.greeting = viewer.next()?;
        assert_eq!(viewer.greeting["protocol"], 1);
        Ok(viewer)
    }

    /// Sends text as it is.
    #[track_caller]
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        self.reader.get_ref().write_all(text.as_ref()).unwrap();
    }

    /// Returns the next line.
    pub fn next(&mut self) -> io::Result<Value> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        assert_eq!(line.last(), Some(&b'\n'), "half a line");
        Ok(serde_json::from_slice(&line).unwrap())
    }

    /// Sends a request, and returns the line that answers it.
    #[track_caller]
    pub fn ask(&mut self, request: &str) -> Value {
        self.send(format!("{request}\n"));
        self.next().unwrap()
    }

    /// Returns the runtimes of a new snapshot.
    #[track_caller]
    pub fn runtimes(&mut self) -> Vec<Value> {
        let answer = self.ask("snapshot");
        answer["snapshot"]["runtimes"].as_array().unwrap().clone()
    }

    /// Returns all tasks.
    #[track_caller]
    pub fn tasks(&mut self) -> Vec<Value> {
        self.send("tasks\n");
        self.pages("tasks")
    }

    /// Returns the elements of an answer of several lines.
    #[track_caller]
    pub fn pages(&mut self, name: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page = self.next().unwrap();
            all.extend_from_slice(page[name].as_array().unwrap_or_else(|| panic!("{page}")));
            if page["more"] == false {
                return all;
            }
        }
    }

    pub fn socket(&self) -> &UnixStream {
        self.reader.get_ref()
    }
}
