//! A runtime that is shown, and what its builder asks for. [`Source`] is all that answers are made
//! from.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::record::{Reading, Recorder};
use crate::scheduler::Handle;

/// How long a poll may take, if the builder names no time.
const STUCK_AFTER: Duration = Duration::from_millis(100);

/// What a runtime's builder, or the environment, asks for.
#[derive(Clone, Debug)]
pub(crate) struct ViewRequest {
    /// The socket, or the folder for it.
    pub(crate) path: Option<PathBuf>,
    /// How long a poll may take before the log names its task.
    pub(crate) stuck: Option<Duration>,
}

/// A runtime that is shown.
#[derive(Clone, Debug)]
pub(super) struct Viewed {
    pub(super) handle: Handle,
    /// How long a poll may take before the log names its task.
    pub(super) stuck: Option<Duration>,
}

/// The names of a few tasks.
pub(super) struct Names(Vec<(u64, Arc<str>)>);

/// What answers are made from.
pub(super) struct Source {
    /// The time of `CLOCK_MONOTONIC` in nanoseconds.
    pub(super) now: u64,
    pub(super) runtimes: Vec<Viewed>,
}

impl Viewed {
    pub(super) fn id(&self) -> NonZeroU64 {
        self.handle.services().id
    }

    /// Returns what the runtime records, as one does that is shown.
    pub(super) fn recorder(&self) -> &Recorder {
        let recorder = self.handle.services().recorder.as_deref();
        recorder.expect("the builder has a runtime recorded that is to be shown")
    }

    /// Returns the names of those of these tasks that have one.
    #[inline(never)]
    pub(super) fn names(&self, reading: &Reading, tasks: &[u64]) -> Names {
        let mut names = Vec::new();
        if !tasks.is_empty() {
            self.recorder().tasks(reading, &mut |seen| {
                if let Some(name) = seen.name.filter(|_| tasks.contains(&seen.id)) {
                    names.push((seen.id, name));
                }
            });
        }
        Names(names)
    }

    /// Returns how long a poll may take before its worker counts as stuck.
    pub(super) fn stuck_after(&self) -> Duration {
        self.stuck.unwrap_or(STUCK_AFTER)
    }
}

impl Names {
    /// Returns the name of a task, if it has one.
    #[inline(never)]
    pub(super) fn of(&self, task: Option<u64>) -> Option<&str> {
        let mut names = self.0.iter();
        let (_, name) = names.find(|(named, _)| Some(*named) == task)?;
        Some(name)
    }
}
