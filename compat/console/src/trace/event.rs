//! One recorded event: `[NS, RUNTIME, WORKER, KIND, TASK, ARGUMENT]`, with the name of the operation last
//! if it is one of the driver's.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What happened on a worker, or on a thread that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: u64,
    /// In which runtime.
    pub runtime: u64,
    /// On which worker, or `None` for another thread.
    pub worker: Option<u64>,
    /// What.
    pub kind: Kind,
    /// To which task.
    pub task: Option<u64>,
    /// A task, a count or a duration, as the kind has it.
    pub argument: Option<u64>,
    /// The name of an operation.
    pub operation: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A poll began.
    Poll,
    /// A poll ended, and the task has not.
    End,
    /// A poll ended, and the task with it.
    Ready,
    /// A task was woken.
    Wake,
    /// A task was spawned.
    Spawn,
    /// The worker went to sleep.
    Park,
    /// The worker woke.
    Unpark,
    /// The worker took tasks of another.
    Steal,
    /// The worker handed its core to another thread.
    HandOver,
    /// An operation was submitted.
    Submit,
    /// A task ended without being polled to its end.
    Cancel,
    /// An operation completed.
    Complete,
}

impl Event {
    /// Reads an event, or returns `None` if it is of a kind that this program does not know.
    ///
    /// # Errors
    ///
    /// Returns an error if the value is not an event.
    pub fn read(value: &Value) -> Result<Option<Self>> {
        let fields = value.as_array().map_or(&[][..], Vec::as_slice);
        let [at, runtime, worker, kind, task, more @ ..] = fields else {
            bail!("the process answered with an event that is no list of six: {value}");
        };
        let number = |value: &Value, name: &str| {
            value
                .as_u64()
                .with_context(|| format!("an event has {value} as its {name}"))
        };
        let kind = kind.as_str().context("an event has no kind")?;
        let Some(kind) = Kind::named(kind) else {
            return Ok(None);
        };
        Ok(Some(Self {
            at: number(at, "time")?,
            runtime: number(runtime, "runtime")?,
            worker: worker.as_u64(),
            kind,
            task: task.as_u64(),
            argument: more.iter().find_map(Value::as_u64),
            operation: more.iter().find_map(Value::as_str).map(str::to_string),
        }))
    }
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "poll" => Self::Poll,
            "end" => Self::End,
            "ready" => Self::Ready,
            "wake" => Self::Wake,
            "spawn" => Self::Spawn,
            "park" => Self::Park,
            "unpark" => Self::Unpark,
            "steal" => Self::Steal,
            "hand_over" => Self::HandOver,
            "cancel" => Self::Cancel,
            "submit" => Self::Submit,
            "complete" => Self::Complete,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Event;

    #[test]
    fn an_event_is_a_list() {
        let event = Event::read(&json!([9, 1, -1, "submit", 4, "read"])).unwrap();
        let event = event.unwrap();
        assert_eq!((event.at, event.worker, event.task), (9, None, Some(4)));
        assert_eq!(event.operation.as_deref(), Some("read"));
        let event = Event::read(&json!([9, 1, 0, "complete", null, 70, "read"])).unwrap();
        assert_eq!(event.unwrap().argument, Some(70));
        assert_eq!(
            Event::read(&json!([9, 1, 0, "new", null, 0])).unwrap(),
            None
        );
        assert!(Event::read(&json!([9, 1, 0])).is_err());
        assert!(Event::read(&json!(["x", 1, 0, "poll", 1, 0])).is_err());
    }
}
