//! [`Origin`]: what a task is known by besides its id, in one word.
//!
//! Every task has a kind and a place in the program where it was spawned; few have more. So the
//! word is a pointer to the place, with the kind in its lowest bits, and only a task with more has
//! an allocation for that: the word then points to its [`Details`], and says so in a bit.

use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::id::Id;
use crate::record::{Entry, Recorder, SeenKind};

/// Whether an address has three bits to spare. It has two where pointers have 32 bits.
const WIDE: bool = align_of::<Location<'static>>() > 0b111;
/// Set if the word points to details. Where there are two bits these are all of them, which is no
/// kind, and the kind is found in the details.
const DETAILS: usize = if WIDE { 1 } else { 0b11 };
/// How far the kind is shifted.
const KIND: u32 = if WIDE { 1 } else { 0 };
/// All bits that are not part of the address.
const TAG: usize = if WIDE { 0b111 } else { 0b11 };

const _: () = assert!(align_of::<Location<'static>>() > TAG && align_of::<Details>() > TAG);

/// What a task runs, and who may run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskKind {
    /// A future that is `Send`.
    Task = 0,
    /// A future that stays on its thread.
    Local = 1,
    /// A closure of the blocking pool.
    Blocking = 2,
}

impl TaskKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Local => "local",
            Self::Blocking => "blocking",
        }
    }
}

/// Where a task comes from. It does not change once other threads know the task.
pub(crate) struct Origin(NonNull<()>);

/// What few tasks have.
pub(super) struct Details {
    kind: TaskKind,
    location: &'static Location<'static>,
    name: Option<Box<str>>,
    queued: Option<Queued>,
    /// Whether the hooks of the runtime are called before and after each poll.
    hooked: bool,
    /// What is noted of the task, if its runtime is observed.
    entry: Option<Entry>,
}

/// When a task was queued.
struct Queued {
    /// When the task was spawned.
    first: Instant,
    /// When it was queued the last time, in nanoseconds after that. Written by the thread that has the
    /// notification, before it queues it, and read by the one that runs it: the queue orders the
    /// two, and the time is part of no protocol, so the number is `std`'s even under loom.
    last_nanos: AtomicU64,
}

// SAFETY: the word owns its details, which are `Send` and `Sync`; a location is.
unsafe impl Send for Origin {}
// SAFETY: as above: what a shared reference allows is to read them.
unsafe impl Sync for Origin {}

impl Origin {
    #[inline]
    pub(super) fn new(kind: TaskKind, location: &'static Location<'static>) -> Self {
        let tag = (kind as usize) << KIND;
        Self(NonNull::from(location).cast().map_addr(|addr| addr | tag))
    }

    fn tag(&self) -> usize {
        self.0.addr().get() & TAG
    }

    /// The pointer without its tag.
    fn pointer<T>(&self) -> *mut T {
        self.0.as_ptr().map_addr(|addr| addr & !TAG).cast()
    }

    pub(super) fn kind(&self) -> TaskKind {
        if let (false, Some(details)) = (WIDE, self.details()) {
            return details.kind;
        }
        match self.tag() >> KIND {
            0 => TaskKind::Task,
            1 => TaskKind::Local,
            _ => TaskKind::Blocking,
        }
    }

    /// Returns whether there is more than a kind and a place.
    #[inline]
    pub(super) fn has_details(&self) -> bool {
        self.0.addr().get() & DETAILS == DETAILS
    }

    pub(super) fn details(&self) -> Option<&Details> {
        // SAFETY: with the bit this points to details, which this word owns.
        self.has_details().then(|| unsafe { &*self.pointer() })
    }

    /// Returns the details, and makes them if there are none yet.
    fn details_mut(&mut self) -> &mut Details {
        if !self.has_details() {
            let details = Box::new(Details {
                kind: self.kind(),
                location: self.location(),
                name: None,
                queued: None,
                hooked: false,
                entry: None,
            });
            let tag = self.tag() | DETAILS;
            let pointer = NonNull::from(Box::leak(details)).cast();
            self.0 = pointer.map_addr(|addr| addr | tag);
        }
        // SAFETY: this points to details, which this word owns, and `&mut self` is the only reference.
        unsafe { &mut *self.pointer() }
    }

    /// Returns the place in the program where the task was spawned.
    pub(super) fn location(&self) -> &'static Location<'static> {
        match self.details() {
            Some(details) => details.location,
            // SAFETY: without the bit this points to a location, which is static.
            None => unsafe { &*self.pointer() },
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.details()?.name.as_deref()
    }

    pub(super) fn set_name(&mut self, name: &str) {
        self.details_mut().name = Some(name.into());
    }

    /// Makes details, so that the hooks of the runtime are called; with `schedule_latency` the task
    /// notes when it is queued, from now on.
    pub(super) fn watch(&mut self, schedule_latency: bool) {
        let details = self.details_mut();
        details.hooked = true;
        details.queued = schedule_latency.then(|| Queued {
            first: Instant::now(),
            last_nanos: AtomicU64::new(0),
        });
    }

    /// Has `recorder` note the task.
    pub(super) fn record(&mut self, id: Id, recorder: &Recorder) {
        let kind = match self.kind() {
            TaskKind::Task => SeenKind::Task,
            TaskKind::Local => SeenKind::Local,
            TaskKind::Blocking => SeenKind::Blocking,
        };
        let entry = recorder.enter(id.as_u64(), kind, self.location(), self.name());
        self.details_mut().entry = Some(entry);
    }
}

impl Details {
    /// Returns what is noted of the task.
    #[inline]
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// Returns whether there are hooks to call for each poll.
    pub(super) fn is_hooked(&self) -> bool {
        self.hooked
    }

    /// Notes that the task is queued now, if that is asked for; `by_itself` if it was woken while it
    /// was polled.
    #[cold]
    pub(super) fn note_queued(&self, by_itself: bool) {
        if let Some(entry) = &self.entry {
            entry.queued(by_itself);
        }
        if let Some(queued) = &self.queued {
            let nanos = queued.first.elapsed().as_nanos();
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            queued.last_nanos.store(nanos, Ordering::Relaxed);
        }
    }

    /// Returns for how long the task has been queued, if that is known.
    pub(super) fn latency(&self) -> Option<Duration> {
        let queued = self.queued.as_ref()?;
        let last = Duration::from_nanos(queued.last_nanos.load(Ordering::Relaxed));
        Some(queued.first.elapsed().saturating_sub(last))
    }
}

impl Drop for Origin {
    #[inline]
    fn drop(&mut self) {
        if self.has_details() {
            // SAFETY: this word owns its details, which `details_mut` made in a box.
            drop(unsafe { Box::<Details>::from_raw(self.pointer()) });
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("kind", &self.kind())
            .field("name", &self.name())
            .field("location", &self.location())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, TaskKind};
    use std::panic::Location;

    #[test]
    fn a_word_holds_the_kind_and_the_place_with_and_without_a_name() {
        for kind in [TaskKind::Task, TaskKind::Local, TaskKind::Blocking] {
            let here = Location::caller();
            let mut origin = Origin::new(kind, here);
            assert!(!origin.has_details());
            assert_eq!((origin.kind(), origin.location()), (kind, here));
            assert_eq!(origin.name(), None);
            origin.set_name("first");
            origin.set_name("second");
            assert!(origin.has_details());
            assert_eq!((origin.kind(), origin.location()), (kind, here));
            assert_eq!(origin.name(), Some("second"));
        }
    }
}
