//! [`Birth`]: what a task gets from the function that spawns it, apart from its future.
#![forbid(unsafe_code)]

use std::marker::PhantomData;
use std::panic::Location;

use super::id::Id;
use super::origin::{Origin, TaskKind};

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
