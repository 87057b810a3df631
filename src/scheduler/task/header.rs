//! The memory of a task: the cell, its type-erased front (the header), and its vtable.
//!
//! `mod.rs` defines who may access which part when; `raw.rs` and `harness.rs` do so.

use std::future::Future;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::birth::Birth;
use super::error::{JoinError, Payload};
use super::id::{self, Id};
use super::list::Links;
use super::origin::Origin;
use super::state::StateWord;
use crate::loom::cell::UnsafeCell;
use crate::loom::sync::Arc;
use crate::trace::{self, TaskFuture, TaskSpanId};

/// The part of a cell that does not depend on the future's type. It comes first, so a pointer to
/// it is a pointer to the cell.
pub(crate) struct Header {
    pub(super) state: StateWord,
    pub(super) vtable: &'static VTable,
    pub(super) id: Id,
    /// T5: neighbors in the owned list, guarded by the list's lock.
    pub(super) links: UnsafeCell<Links>,
    /// T5: the list that the task was put into. Written once; compared, never dereferenced.
    pub(super) owner: UnsafeCell<*const ()>,
    /// T4: the waker of the task that joins this one.
    pub(super) join_slot: UnsafeCell<MaybeUninit<Waker>>,
}

/// The functions that depend on the types of the future and the scheduler.
///
/// Every function takes a pointer to the header of a cell with these types.
pub(super) struct VTable {
    /// Polls the future; if it is ready, drops it and stores the result. T2 must hold.
    pub(super) poll: unsafe fn(NonNull<Header>) -> Poll<()>,
    /// Drops the future and stores that the task was cancelled. T2 must hold.
    pub(super) cancel: unsafe fn(NonNull<Header>),
    /// Calls the hook for a poll that begins, or has ended, of a task with details.
    pub(super) tell: unsafe fn(NonNull<Header>, Moment, Option<Duration>),
    /// Passes a notification, whose reference it consumes, to the scheduler.
    pub(super) schedule: unsafe fn(NonNull<Header>),
    /// Takes the task out of its list. Returns whether it was in one: the list's reference is then
    /// the caller's.
    pub(super) release: unsafe fn(NonNull<Header>) -> bool,
    /// Tells the scheduler that a poll has ended in a panic.
    pub(super) panicked: unsafe fn(NonNull<Header>),
    /// Moves the result to `*dst`, a `MaybeUninit<Result<F::Output, JoinError>>`. T3 must hold.
    pub(super) take_output: unsafe fn(NonNull<Header>, dst: NonNull<()>),
    /// Drops the result if it is still there. T3 must hold.
    pub(super) drop_output: unsafe fn(NonNull<Header>),
    /// Frees the cell, to which no reference is left.
    pub(super) free: unsafe fn(NonNull<Header>),
    /// Drops the scheduler in the cell, for `free`.
    pub(super) drop_scheduler: unsafe fn(NonNull<Header>),
}

/// When a hook is called.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    BeforePoll,
    AfterPoll,
}

/// One task.
///
/// Its layout depends on the future's type alone, so that a program which runs a future on several
/// schedulers has the functions of its tasks once.
#[repr(C)]
pub(super) struct Cell<F: Future> {
    pub(super) front: Front,
    pub(super) stage: StageCell<F>,
}

/// The beginning of every cell.
#[repr(C)]
pub(super) struct Front {
    pub(super) header: Header,
    pub(super) scheduler: AnyScheduler,
    /// Written before any other thread knows the task.
    pub(super) origin: Origin,
    /// As `origin`; no room without the feature `tracing`.
    pub(super) span: TaskSpanId,
}

/// The scheduler of a task, whose type the vtable's functions know, in the room that an `Arc` takes.
pub(super) struct AnyScheduler(MaybeUninit<Arc<()>>);

/// # Safety
///
/// The header is that of a live cell.
pub(super) unsafe fn front<'a>(task: NonNull<Header>) -> &'a Front {
    // SAFETY: every cell begins with a `Front`, which is `repr(C)` with the header first, and the
    // pointer was made from the cell's.
    unsafe { task.cast().as_ref() }
}

impl AnyScheduler {
    fn new<S>(scheduler: S) -> Self {
        const {
            assert!(size_of::<S>() <= size_of::<Arc<()>>());
            assert!(align_of::<S>() <= align_of::<Arc<()>>());
        }
        let mut room = MaybeUninit::<Arc<()>>::uninit();
        // SAFETY: there is room for it: see above.
        unsafe { room.as_mut_ptr().cast::<S>().write(scheduler) };
        Self(room)
    }

    /// # Safety
    ///
    /// It was made of an `S`, which was not dropped.
    pub(super) unsafe fn get<S>(&self) -> &S {
        // SAFETY: the caller's promise.
        unsafe { &*self.0.as_ptr().cast() }
    }
}

/// The future, then the result, then nothing.
pub(super) enum Stage<F: Future> {
    Future(TaskFuture<F>),
    Finished(Result<F::Output, JoinError>),
    Consumed,
}

/// T2, T3: a stage whose owner the state word determines.
pub(super) struct StageCell<F: Future>(UnsafeCell<Stage<F>>);

impl<F: Future> Cell<F> {
    /// Allocates a queued task with `refs` references. `vtable` is that of these types.
    ///
    /// Every task is made here.
    pub(super) fn allocate<S, O>(
        future: F,
        scheduler: S,
        birth: Birth<O>,
        vtable: &'static VTable,
        refs: usize,
    ) -> NonNull<Header> {
        let (span, future) = trace::task(future, || birth.fields());
        let Birth { id, origin, .. } = birth;
        let cell = Box::new(Cell {
            front: Front {
                header: Header {
                    state: StateWord::new(refs),
                    vtable,
                    id,
                    links: UnsafeCell::new(Links::new()),
                    owner: UnsafeCell::new(ptr::null()),
                    join_slot: UnsafeCell::new(MaybeUninit::uninit()),
                },
                scheduler: AnyScheduler::new(scheduler),
                origin,
                span,
            },
            stage: StageCell(UnsafeCell::new(Stage::Future(future))),
        });
        NonNull::from(Box::leak(cell)).cast()
    }
}

impl<F: Future> StageCell<F> {
    /// Polls the future.
    ///
    /// # Safety
    ///
    /// The caller set `RUNNING` and the stage is `Future` (T2).
    pub(super) unsafe fn poll(&self, context: &mut Context<'_>) -> Poll<F::Output> {
        self.0.with_mut(|stage| {
            // SAFETY: T2: `RUNNING` is set, so this thread owns the stage.
            let Stage::Future(future) = (unsafe { &mut *stage }) else {
                unreachable!("a running task has a future");
            };
            // SAFETY: the future is never moved out of its cell: it is dropped in place.
            unsafe { Pin::new_unchecked(future) }.poll(context)
        })
    }

    /// Drops what the stage holds, as task `id`, and returns the panic of the drop, if any.
    ///
    /// # Safety
    ///
    /// The stage belongs to the caller (T2, T3).
    #[inline]
    pub(super) unsafe fn consume(&self, id: Id) -> Option<Payload> {
        // SAFETY: the stage belongs to the caller.
        let consumed = self
            .0
            .with(|stage| matches!(unsafe { &*stage }, Stage::Consumed));
        if consumed {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe { self.drop_contents(id) }
    }

    /// Like [`consume`](Self::consume).
    ///
    /// # Safety
    ///
    /// The stage belongs to the caller (T2, T3).
    unsafe fn drop_contents(&self, id: Id) -> Option<Payload> {
        /// Marks the stage, even if the drop panics: nothing is dropped twice.
        struct Consumed<F: Future>(*mut Stage<F>);
        impl<F: Future> Drop for Consumed<F> {
            fn drop(&mut self) {
                // SAFETY: the stage belongs to the caller and its former value was dropped.
                unsafe { ptr::write(self.0, Stage::Consumed) };
            }
        }

        self.0.with_mut(|stage| {
            catch_unwind(AssertUnwindSafe(|| {
                let _current = id::enter(id);
                let _consumed = Consumed(stage);
                // SAFETY: the stage belongs to the caller; the guard makes it valid again.
                unsafe { ptr::drop_in_place(stage) };
            }))
            .err()
        })
    }

    /// Stores the result.
    ///
    /// # Safety
    ///
    /// The caller set `RUNNING` and the stage is `Consumed` (T2).
    pub(super) unsafe fn finish(&self, result: Result<F::Output, JoinError>) {
        self.0.with_mut(|stage| {
            // SAFETY: T2: the stage is ours, and `Consumed` has nothing to drop.
            unsafe { ptr::write(stage, Stage::Finished(result)) };
        });
    }

    /// Takes the result.
    ///
    /// # Safety
    ///
    /// The task is complete and the caller is its `JoinHandle` (T3).
    #[track_caller]
    pub(super) unsafe fn take(&self) -> Result<F::Output, JoinError> {
        self.0.with_mut(|stage| {
            // SAFETY: T3: the stage of a complete task belongs to its `JoinHandle`. A result is
            // not pinned and may move.
            match std::mem::replace(unsafe { &mut *stage }, Stage::Consumed) {
                Stage::Finished(result) => result,
                Stage::Consumed => panic!("JoinHandle polled after completion"),
                Stage::Future(_) => unreachable!("a complete task has no future"),
            }
        })
    }
}
