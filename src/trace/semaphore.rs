//! What a batch semaphore reports, of itself and of what it is a part of.
#![forbid(unsafe_code)]

use std::task::Poll;

use crate::trace::{Op, Resource, ResourceType, Served, Update, is_on, report};

/// The resources of a semaphore: its owner, which the program sees, and itself.
#[derive(Debug)]
pub(crate) struct SemaphoreTrace {
    owner: Resource,
    /// Silent if the owner is not one of those whose semaphore tokio reports.
    own: Resource,
}

impl SemaphoreTrace {
    /// Reports the `owner` and its semaphore with `permits`.
    #[inline]
    #[track_caller]
    pub(crate) fn new(of: ResourceType, permits: usize) -> Self {
        if !is_on() {
            return Self::unseen(of);
        }
        let owner = Resource::new(of);
        let begin = || {
            let own = Resource::new(ResourceType::BatchSemaphore);
            own.update(Update::Permits(permits));
            own
        };
        let own = match of {
            ResourceType::Mutex => owner.in_scope(|| {
                report(Update::Locked(false));
                begin()
            }),
            ResourceType::RwLock => {
                owner.in_scope(|| {
                    report(Update::MaxReaders(permits));
                    report(Update::WriteLocked(false));
                    report(Update::Readers(0));
                });
                owner.in_scope(begin)
            }
            ResourceType::Semaphore => owner.in_scope(begin),
            _ => {
                if permits > 0 && of == ResourceType::Mpsc {
                    owner.update(Update::Capacity(permits));
                }
                Resource::silent()
            }
        };
        Self { owner, own }
    }

    /// A semaphore of an owner that is made in a constant.
    pub(crate) const fn unseen(of: ResourceType) -> Self {
        let own = if of.shows_semaphore() {
            Resource::unseen(ResourceType::BatchSemaphore)
        } else {
            Resource::silent()
        };
        Self {
            owner: Resource::unseen(of),
            own,
        }
    }

    /// A semaphore that is a part of something else.
    pub(crate) const fn silent() -> Self {
        Self {
            owner: Resource::silent(),
            own: Resource::silent(),
        }
    }

    pub(crate) fn owner(&self) -> &Resource {
        &self.owner
    }

    #[inline]
    pub(crate) fn permits_taken(&self, permits: usize) {
        self.own.update(Update::PermitsTaken(permits));
    }

    #[inline]
    pub(crate) fn permits_added(&self, permits: usize) {
        self.own.update(Update::PermitsAdded(permits));
    }

    /// Begins to wait for `permits`, in the method `source` of the owner.
    #[inline]
    pub(crate) fn begin(&self, source: &'static str, permits: usize) -> AcquireTrace {
        let outer = self.owner.op(source);
        let inner = outer.in_scope(|| self.own.op("Acquire::new"));
        if !inner.is_none() {
            inner.update(Update::PermitsRequested(permits));
            inner.update(Update::PermitsObtained(0));
        }
        AcquireTrace { outer, inner }
    }

    /// Polls what waits as `ops` say, by `f`.
    #[inline]
    pub(crate) fn poll<T>(&self, ops: &AcquireTrace, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let acquire = || self.own.poll(&ops.inner, "poll_acquire", f);
        self.owner.poll(&ops.outer, "poll", acquire)
    }

    /// Notes that a waiter received `permits`; for a report when the lock is free.
    #[inline]
    pub(crate) fn served(&self, ops: &AcquireTrace, permits: usize, served: &mut Served) {
        if !self.own.is_silent() {
            served.push(&ops.inner, Update::PermitsObtained(permits));
        }
    }
}

/// The operations of one wait for permits: the owner's, and within it the semaphore's.
#[derive(Clone, Debug)]
pub(crate) struct AcquireTrace {
    outer: Op,
    inner: Op,
}

impl AcquireTrace {
    #[inline]
    pub(crate) fn none() -> Self {
        Self {
            outer: Op::none(),
            inner: Op::none(),
        }
    }
}
