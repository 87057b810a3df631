//! Parts of tokio-console's messages: times, places in the source, fields and metadata.
#![forbid(unsafe_code)]

use console_api::{Field, Location, MetaId, Metadata, PollStats, field, metadata};
use prost_types::{Duration, Timestamp};

use crate::protocol::Hello;

/// The clock of a process, and that of the wall.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: u64,
    unix_ns: u64,
}

impl Clock {
    pub fn new(hello: &Hello) -> Self {
        Self {
            now: hello.now,
            unix_ns: hello.unix_ns,
        }
    }

    /// Returns a moment of the process' clock as one of the wall's.
    pub fn timestamp(self, at: u64) -> Timestamp {
        let unix_ns = (self.unix_ns + at).saturating_sub(self.now);
        let Duration { seconds, nanos } = duration(unix_ns);
        Timestamp { seconds, nanos }
    }
}

pub fn duration(ns: u64) -> Duration {
    Duration {
        // Both fit: the quotient is below 2^34, the rest below 10^9.
        seconds: (ns / 1_000_000_000) as i64,
        nanos: (ns % 1_000_000_000) as i32,
    }
}

/// Reads `file:line:column`.
pub fn location(at: &str) -> Location {
    let mut parts = at.rsplitn(3, ':');
    let column = parts.next().and_then(|column| column.parse().ok());
    let line = parts.next().and_then(|line| line.parse().ok());
    let file = parts.next().unwrap_or(at);
    Location {
        file: Some(file.to_string()),
        module_path: None,
        line,
        column,
    }
}

pub fn text_field(meta: u64, name: &str, value: &str) -> Field {
    field(meta, name, field::Value::StrVal(value.to_string()))
}

pub fn number_field(meta: u64, name: &str, value: u64) -> Field {
    field(meta, name, field::Value::U64Val(value))
}

fn field(meta: u64, name: &str, value: field::Value) -> Field {
    Field {
        name: Some(field::Name::StrName(name.to_string())),
        value: Some(value),
        metadata_id: Some(MetaId { id: meta }),
    }
}

/// The metadata of a span, as that of the tracing crate.
pub fn span(name: &str, target: &str) -> Metadata {
    Metadata {
        name: name.to_string(),
        target: target.to_string(),
        module_path: String::new(),
        location: None,
        kind: metadata::Kind::Span.into(),
        level: metadata::Level::Trace.into(),
        field_names: Vec::new(),
    }
}

/// Polls that are over, the last one at `ended`.
pub fn polls(polls: u64, busy_ns: u64, ended: Timestamp) -> PollStats {
    PollStats {
        polls,
        first_poll: None,
        last_poll_started: Some(ended),
        last_poll_ended: Some(ended),
        busy_time: Some(duration(busy_ns)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, location};

    #[test]
    fn moments_of_the_process_are_moments_of_the_wall() {
        let clock = Clock {
            now: 5_000,
            unix_ns: 1_700_000_000_000_005_000,
        };
        let at = clock.timestamp(1_000_002_000);
        assert_eq!((at.seconds, at.nanos), (1_700_000_001, 2_000));
        let before = clock.timestamp(4_000);
        assert_eq!((before.seconds, before.nanos), (1_700_000_000, 4_000));
    }

    #[test]
    fn a_place_has_file_line_and_column() {
        let place = location("src/main.rs:10:5");
        assert_eq!(place.file.as_deref(), Some("src/main.rs"));
        assert_eq!((place.line, place.column), (Some(10), Some(5)));
    }
}
