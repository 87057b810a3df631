//! What a thread knows about the runtime it is in.
//!
//! There are three things, each in a thread-local of its own:
//!
//! - the *current handle*, set by entering a runtime (`Handle::enter`, `block_on`, a worker, a
//!   blocking thread); guards nest and must be dropped in reverse order;
//! - whether this thread is *driving* a runtime (inside `block_on` or a worker), which is kept in
//!   `util/enter.rs`, because the locks check it too;
//! - the context of a thread that *runs tasks*, the same for both schedulers. Each scheduler also
//!   keeps a context of its own, where a task that is woken on this thread finds its queue.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::record;
use crate::scheduler::Handle;
use crate::scheduler::task::Birth;
use crate::util::budget::{self, Budget};
use crate::util::enter::{self, EnterGuard, Entered};
use crate::util::rng::Rng;
use crate::util::rng_seed::{self, RestoreRng};
use crate::util::scoped::{Scoped, with_local};
use crate::util::shrink::KEEP;
use crate::util::wake;

thread_local! {
    /// The runtimes that this thread has entered, the current one last. Each has a second reference
    /// count for this thread alone, so that cloning it costs no atomic operation.
    static CURRENT: RefCell<Vec<Rc<Handle>>> = const { RefCell::new(Vec::new()) };
    static RUNNING: Scoped<dyn RunsTasks> = const { Scoped::new() };
}

/// The context of a thread that runs tasks.
pub(crate) trait RunsTasks {
    /// Keeps `waker` until the driver has been polled; returns `false` if this thread runs no tasks
    /// now.
    fn defer(&self, waker: &Waker) -> bool;

    /// Returns the index of the worker that runs on this thread.
    fn worker_index(&self) -> Option<usize>;
}

/// Why there is no current handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHandle {
    /// This thread has entered no runtime.
    Missing,
    /// This thread is ending and its locals are destroyed.
    Destroyed,
}

impl fmt::Display for NoHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoHandle::Missing => {
                "there is no reactor running, must be called from the context of a Tokio 1.x \
                 runtime: use `#[main]`, `Runtime::block_on` or `Handle::enter`"
            }
            NoHandle::Destroyed => {
                "The Tokio context thread-local variable has been destroyed: a runtime cannot be \
                 used in the destructor of a thread-local value"
            }
        })
    }
}

/// Calls `f` with the handle of the runtime that this thread has entered.
#[inline]
pub(crate) fn with_current<R>(f: impl FnOnce(&Handle) -> R) -> Result<R, NoHandle> {
    // `f` may enter another runtime, so no borrow is held while it runs.
    current().map(|handle| f(&handle))
}

fn current() -> Result<Rc<Handle>, NoHandle> {
    CURRENT
        .try_with(|current| current.borrow().last().cloned().ok_or(NoHandle::Missing))
        .unwrap_or(Err(NoHandle::Destroyed))
}

/// Makes `handle` current until the guard is dropped; returns `None` on a thread whose locals are
/// destroyed.
#[must_use]
pub(crate) fn set_current(handle: &Handle) -> Option<SetCurrent> {
    CURRENT
        .try_with(|current| {
            let handle = Rc::new(handle.clone());
            let mut handles = current.borrow_mut();
            handles.push(handle);
            SetCurrent {
                depth: handles.len(),
                not_send: PhantomData,
            }
        })
        .ok()
}

/// Restores the former current handle.
#[derive(Debug)]
pub(crate) struct SetCurrent {
    depth: usize,
    // Not `Send`, because it belongs to its thread; `Sync`, because a reference can do nothing.
    not_send: PhantomData<std::sync::MutexGuard<'static, ()>>,
}

impl Drop for SetCurrent {
    fn drop(&mut self) {
        let left = CURRENT.try_with(|current| {
            let mut handles = current.borrow_mut();
            if handles.len() != self.depth {
                return Err(());
            }
            Ok(handles.pop())
        });
        // The handle that was current is dropped here, outside the borrow.
        if matches!(left, Ok(Err(()))) && !std::thread::panicking() {
            panic!(
                "`EnterGuard` values dropped out of order. Guards returned by \
                 `Handle::enter()` must be dropped in the reverse order as they were acquired."
            );
        }
    }
}

/// Enters `handle` to drive it, as `block_on` does.
///
/// # Panics
///
/// Panics if this thread already drives a runtime.
#[track_caller]
#[must_use]
pub(crate) fn enter_to_drive(handle: &Handle, block_in_place: bool) -> Drives {
    let drives = enter_to_run(handle, block_in_place, None);
    let seeds = handle.services().options.seeds.as_ref();
    Drives {
        _rng: seeds.map(|seeds| rng_seed::replace(seeds.of_next_drive())),
        ..drives
    }
}

/// Enters `handle` to drive it, as a worker does, with `rng` as the thread's generator if there is
/// one.
///
/// # Panics
///
/// Panics if this thread already drives a runtime.
#[track_caller]
#[must_use]
pub(crate) fn enter_to_run(handle: &Handle, block_in_place: bool, rng: Option<Rng>) -> Drives {
    let Some(entered) = enter::enter(block_in_place) else {
        panic!(
            "Cannot start a runtime from within a runtime. This happens because a function \
             (like `block_on`) attempted to block the current thread while the thread is being \
             used to drive asynchronous tasks. If you are in an async function, use `.await` on \
             the future instead of blocking on it."
        );
    };
    let current = set_current(handle);
    Drives {
        _rng: rng.map(rng_seed::replace),
        _budget: budget::set(Budget::UNCONSTRAINED),
        _current: current,
        _entered: entered,
    }
}

/// The thread drives a runtime until this is dropped. The parts are dropped in their order.
#[derive(Debug)]
pub(crate) struct Drives {
    _rng: Option<RestoreRng>,
    _budget: budget::Restore,
    _current: Option<SetCurrent>,
    _entered: EnterGuard,
}

/// Forbids `block_in_place` until the guard is dropped, if it was allowed.
pub(crate) fn disallow_block_in_place() -> Option<EnterGuard> {
    let allowed = Entered::Yes {
        allow_block_in_place: true,
    };
    let forbidden = Entered::Yes {
        allow_block_in_place: false,
    };
    (enter::entered() == allowed).then(|| enter::replace(forbidden))
}

/// Returns `birth`, of a task that runs with the current runtime and is in no list of it, with what is
/// noted of the task if that runtime is observed.
#[inline]
pub(crate) fn recorded<O>(birth: Birth<O>) -> Birth<O> {
    match record::ever_recorded() {
        true => recorded_now(birth),
        false => birth,
    }
}

#[cold]
fn recorded_now<O>(birth: Birth<O>) -> Birth<O> {
    match with_current(|handle| handle.services().recorder.clone()) {
        Ok(Some(recorder)) => birth.recorded(&recorder),
        _ => birth,
    }
}

/// Runs `f` on a thread that runs tasks with `context`.
pub(crate) fn run_tasks<R>(context: &(dyn RunsTasks + 'static), f: impl FnOnce() -> R) -> R {
    RUNNING.with(|slot| slot.set(context, f))
}

/// Wakes `waker` once the driver has been polled, or if it has just been; wakes it at once on a thread
/// that runs no tasks.
pub(crate) fn defer(waker: &Waker) {
    let deferred = with_local(&RUNNING, |context| {
        context.is_some_and(|context| context.defer(waker))
    });
    if !deferred {
        waker.wake_by_ref();
    }
}

/// Has a task that has spent its budget woken as [`defer`] does; `is_first` is whether this has not
/// happened in the same poll before, and counts it.
pub(crate) fn spent(waker: &Waker, is_first: bool) {
    if is_first {
        // A future may count its budget without a runtime.
        let _ = with_current(|handle| {
            let yields = &handle.services().budget_yields;
            yields.fetch_add(1, Ordering::Relaxed);
        });
    }
    defer(waker);
}

/// Returns the index of the worker that runs on this thread, if this thread runs tasks.
pub(crate) fn worker_index() -> Option<usize> {
    with_local(&RUNNING, |context| context?.worker_index())
}

/// Wakers that wait for the driver to be polled.
#[derive(Debug, Default)]
pub(crate) struct Deferred(RefCell<Vec<Waker>>);

impl Deferred {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn push(&self, waker: &Waker) {
        let mut wakers = self.0.borrow_mut();
        if !wakers.last().is_some_and(|last| last.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    /// Moves all to the end of `wakers`.
    pub(crate) fn append_to(&self, wakers: &mut Vec<Waker>) {
        wakers.append(&mut self.0.borrow_mut());
    }

    /// Takes all of `wakers`, and puts them before those that are here.
    pub(crate) fn prepend_from(&self, wakers: &mut Vec<Waker>) {
        let mut here = self.0.borrow_mut();
        wakers.append(&mut here);
        std::mem::swap(wakers, &mut here);
    }

    /// Wakes all; a waker may push again.
    pub(crate) fn wake_all(&self) {
        if self.is_empty() {
            return;
        }
        let mut wakers = self.0.take();
        wakers.drain(..).for_each(wake::wake);
        let mut current = self.0.borrow_mut();
        if current.is_empty() && wakers.capacity() <= KEEP {
            // Keeps the allocation.
            *current = wakers;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deferred;
    use std::sync::{Arc, Mutex};
    use std::task::{Wake, Waker};

    struct Note(u8, Arc<Mutex<Vec<u8>>>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    #[test]
    fn wakers_that_come_back_are_woken_first() {
        let woken = Arc::default();
        let note = |number| Waker::from(Arc::new(Note(number, Arc::clone(&woken))));
        let deferred = Deferred::default();
        deferred.push(&note(1));
        let mut exposed = Vec::new();
        deferred.append_to(&mut exposed);
        assert!(deferred.is_empty());
        deferred.push(&note(2));
        deferred.prepend_from(&mut exposed);
        assert!(exposed.is_empty());
        deferred.wake_all();
        assert_eq!(*woken.lock().unwrap(), [1, 2]);
        assert!(deferred.is_empty());
    }
}
