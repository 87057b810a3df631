//! The requests of the protocol, and the lines that they come in.
#![forbid(unsafe_code)]

/// The longest request, without the end of its line.
const LONGEST: usize = 256;

/// The bounds of the time between two snapshots of a stream, in milliseconds.
const SHORTEST_MS: u64 = 10;
const LONGEST_MS: u64 = 60_000;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Snapshot,
    /// Snapshots, with this time between two of them.
    Stream {
        period_ms: u64,
    },
    /// No further snapshots.
    Stop,
    Tasks,
    Places,
    Stack {
        runtime: u64,
        worker: usize,
    },
    Events,
    Metrics,
}

impl Request {
    /// Returns whether all tasks or events are copied for the answer.
    pub(super) fn needs_copy(self) -> bool {
        matches!(self, Request::Tasks | Request::Events)
    }

    /// Returns what a line asks for, or why it asks for nothing.
    pub(super) fn parse(line: &[u8]) -> Result<Request, &'static str> {
        let text = std::str::from_utf8(line).map_err(|_| "a request is text")?;
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or("the line is empty")?;
        let arguments: Vec<&str> = words.collect();
        match (name, &arguments[..]) {
            ("snapshot", []) => Ok(Request::Snapshot),
            ("stream", [period]) => {
                let period_ms = period.parse().ok();
                let within = |period: &u64| (SHORTEST_MS..=LONGEST_MS).contains(period);
                let period_ms = period_ms.filter(within);
                let period_ms = period_ms.ok_or("a stream has a period of 10 to 60000 ms")?;
                Ok(Request::Stream { period_ms })
            }
            ("stop", []) => Ok(Request::Stop),
            ("tasks", []) => Ok(Request::Tasks),
            ("places", []) => Ok(Request::Places),
            ("stack", [runtime, worker]) => match (runtime.parse(), worker.parse()) {
                (Ok(runtime), Ok(worker)) => Ok(Request::Stack { runtime, worker }),
                _ => Err("a stack is that of a runtime's id and a worker's index"),
            },
            ("events", []) => Ok(Request::Events),
            ("metrics", []) => Ok(Request::Metrics),
            _ => Err(
                "the requests are: snapshot, stream MS, stop, tasks, places, \
                 stack RUNTIME WORKER, events, metrics",
            ),
        }
    }
}

/// Divides what a client sends into lines. It holds one line that is not too long, at most.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What was received and not returned.
    received: Vec<u8>,
    /// Whether the line that is being received was too long, and the rest of it is dropped.
    discards: bool,
}

impl Lines {
    /// Adds bytes that were received.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Returns whether there may be a line for [`next_request`](Self::next_request).
    pub(super) fn has_request(&self) -> bool {
        self.received.contains(&b'\n') || self.received.len() > LONGEST
    }

    /// Returns what the next complete line asks for, or why it asks for nothing.
    pub(super) fn next_request(&mut self) -> Option<Result<Request, &'static str>> {
        loop {
            let end = self.received.iter().position(|byte| *byte == b'\n');
            if self.discards {
                self.received
                    .drain(..end.map_or(self.received.len(), |end| end + 1));
                self.discards = end.is_none();
                end?;
                continue;
            }
            let Some(end) = end else {
                if self.received.len() <= LONGEST {
                    return None;
                }
                self.discards = true;
                return Some(Err(TOO_LONG));
            };
            let line: Vec<u8> = self.received.drain(..=end).collect();
            let line = &line[..end];
            if line.len() > LONGEST {
                return Some(Err(TOO_LONG));
            }
            return Some(Request::parse(line));
        }
    }
}

const TOO_LONG: &str = "the line is longer than 256 bytes";

#[cfg(test)]
mod tests {
    use super::{Lines, Request, TOO_LONG};

    #[test]
    fn requests_are_told_apart() {
        let parse = |line: &str| Request::parse(line.as_bytes());
        assert_eq!(parse("snapshot"), Ok(Request::Snapshot));
        assert_eq!(parse(" snapshot\r"), Ok(Request::Snapshot));
        assert_eq!(parse("stream 10"), Ok(Request::Stream { period_ms: 10 }));
        let stack = Request::Stack {
            runtime: 2,
            worker: 1,
        };
        assert_eq!(parse("stack 2 1"), Ok(stack));
        for wrong in [
            "",
            " ",
            "snap",
            "snapshot 1",
            "stream",
            "stream 9",
            "stream 60001",
            "stream -1",
            "stack 1",
            "stack a b",
            "stack 1 -1",
            "stack 1 1 1",
            "STOP",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(Request::parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn lines_arrive_in_pieces() {
        let mut lines = Lines::default();
        lines.push(b"st");
        assert_eq!(lines.next_request(), None);
        lines.push(b"op\nsnapshot\nta");
        assert_eq!(lines.next_request(), Some(Ok(Request::Stop)));
        assert_eq!(lines.next_request(), Some(Ok(Request::Snapshot)));
        assert_eq!(lines.next_request(), None);
        lines.push(b"sks\n");
        assert_eq!(lines.next_request(), Some(Ok(Request::Tasks)));
    }

    #[test]
    fn a_long_line_is_refused_once_and_dropped() {
        let mut lines = Lines::default();
        lines.push(&[b'x'; 1000]);
        assert_eq!(lines.next_request(), Some(Err(TOO_LONG)));
        for _ in 0..10 {
            lines.push(&[b'x'; 1000]);
            assert_eq!(lines.next_request(), None);
            assert!(lines.received.is_empty());
        }
        lines.push(b"x\nstop\n");
        assert_eq!(lines.next_request(), Some(Ok(Request::Stop)));
        // One whose end is there already is as long.
        lines.push(&[b'x'; 257]);
        lines.push(b"\nstop\n");
        assert_eq!(lines.next_request(), Some(Err(TOO_LONG)));
        assert_eq!(lines.next_request(), Some(Ok(Request::Stop)));
        lines.push(&[b' '; 252]);
        lines.push(b"stop\n");
        assert_eq!(lines.next_request(), Some(Ok(Request::Stop)));
    }
}
