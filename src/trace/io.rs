//! What something that is read and written reports: a socket, a pipe, a file.
//!
//! An operation that has a future of its own ends with it. One that is polled by a trait, as a read
//! is by `AsyncRead`, has no end that could be seen, so all polls of one direction are one
//! operation, which is as long as the resource.
#![forbid(unsafe_code)]

use std::fmt;
use std::task::Poll;

use crate::trace::{LazyOp, Operation, Resource, ResourceType, Side};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Read,
    Write,
    /// A part of the operation that writes.
    Flush,
    Seek,
}

pub(crate) struct IoTrace {
    resource: Resource,
    read: LazyOp,
    write: LazyOp,
    seek: LazyOp,
}

impl IoTrace {
    /// Reports that a resource is made at the place of the caller.
    #[track_caller]
    pub(crate) fn new(of: ResourceType) -> Self {
        Self::of(Resource::new(of))
    }

    /// Something of which nothing is reported.
    pub(crate) fn silent() -> Self {
        Self::of(Resource::silent())
    }

    fn of(resource: Resource) -> Self {
        Self {
            resource,
            read: LazyOp::new(),
            write: LazyOp::new(),
            seek: LazyOp::new(),
        }
    }

    /// Reports an address, which is looked up only if a subscriber knows the resource.
    #[inline]
    pub(crate) fn address(&self, side: Side, find: impl FnOnce() -> Option<String>) {
        if self.resource.is_seen() {
            if let Some(address) = find() {
                self.resource.address(side, &address);
            }
        }
    }

    /// Begins an operation in the method `source`, whose polls have this name.
    #[inline]
    pub(crate) fn begin(&self, source: &'static str, name: &'static str) -> Operation {
        self.resource.begin(source, name)
    }

    /// Begins a read or a write by a future.
    #[inline]
    pub(crate) fn begin_io(&self, way: Way) -> Operation {
        let (source, name) = self.resource.io_names(way);
        self.resource.begin(source, name)
    }

    /// Polls a read or a write by `f`, and reports the result.
    #[inline]
    pub(crate) fn poll<T>(&self, way: Way, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.resource.poll_lazy(self.lazy(way), way, f)
    }

    /// Returns the operation that [`poll`](Self::poll) polls, for an `f` that borrows all of the
    /// type that has this.
    #[inline]
    pub(crate) fn polling(&self, way: Way) -> Operation {
        self.resource.lazy_operation(self.lazy(way), way)
    }

    #[inline]
    fn lazy(&self, way: Way) -> &LazyOp {
        match way {
            Way::Read => &self.read,
            Way::Write | Way::Flush => &self.write,
            Way::Seek => &self.seek,
        }
    }
}

impl fmt::Debug for IoTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoTrace").finish_non_exhaustive()
    }
}
