//! [`Birth`]: what a task gets from the function that spawns it, apart from its future.
#![forbid(unsafe_code)]

use std::any::type_name;
use std::marker::PhantomData;
use std::panic::Location;

use super::id::Id;
use super::origin::{Origin, TaskKind};
use crate::record::Recorder;
use crate::trace::{self, TaskFields, TaskFuture};
use crate::util::large::is_large;

/// The id and the origin of a task that is about to be made.
///
/// `O` is the type that the user spawned. The future that becomes the task may be a box of it, if
/// it is large; so the size that it had is known without a word in the task.
pub(crate) struct Birth<O> {
    pub(super) id: Id,
    pub(super) origin: Origin,
    original: PhantomData<fn() -> O>,
}

impl<O> Birth<O> {
    /// Creates that of a task which the caller spawns.
    #[inline]
    #[track_caller]
    pub(crate) fn here(kind: TaskKind) -> Self {
        Self {
            id: Id::next(),
            origin: Origin::new(kind, Location::caller()),
            original: PhantomData,
        }
    }

    /// The same, of a task that `recorder` notes.
    pub(crate) fn recorded(mut self, recorder: &Recorder) -> Self {
        self.origin.record(self.id, recorder);
        self
    }

    /// What the task is reported with.
    pub(super) fn fields(&self) -> TaskFields<'_> {
        let (size, original_size) = sizes::<O>();
        let kind = self.origin.kind();
        TaskFields {
            kind: kind.name(),
            name: self.origin.name(),
            id: self.id.as_u64(),
            size,
            original_size,
            function: (kind == TaskKind::Blocking).then(type_name::<O>),
            location: self.origin.location(),
        }
    }

    /// The same, of a task that may have a name.
    #[track_caller]
    pub(crate) fn named(kind: TaskKind, name: Option<&str>) -> Self {
        let mut birth = Self::here(kind);
        if let Some(name) = name {
            birth.origin.set_name(name);
        }
        birth
    }
}

/// Returns the size of a future `O`, or that of a box that it is moved to, and then its own as well.
const fn sizes<O>() -> (usize, Option<usize>) {
    if is_large::<O>() {
        (size_of::<Box<O>>(), Some(size_of::<O>()))
    } else {
        (size_of::<O>(), None)
    }
}

/// Returns `future`, an `O` or a box of it, as the one that the caller blocks a thread on. It is
/// reported as a task of a kind of its own, although it has neither a cell nor a waker of a task.
#[inline]
#[track_caller]
pub(crate) fn block_on<F, O>(future: F) -> TaskFuture<F> {
    let location = Location::caller();
    let (size, original_size) = sizes::<O>();
    let (_, future) = trace::task(future, || TaskFields {
        kind: "block_on",
        name: None,
        id: Id::next().as_u64(),
        size,
        original_size,
        function: None,
        location,
    });
    future
}
