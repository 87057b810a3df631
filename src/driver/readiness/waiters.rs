//! The futures that wait for one file descriptor, in a list whose nodes live inside them.
//!
//! # Invariants
//!
//! - **W1** The entry of a node is only read or written while the lock of the list's slot is held,
//!   or before the node was linked for the first time.
//! - **W2** A linked node is pinned, and its owner unlinks it before the memory goes away. A leaked
//!   owner never runs its destructor, and then the pin guarantees that the memory stays.
//! - **W3** A node has a waker exactly while it is linked.

use std::ptr::NonNull;
use std::task::Waker;

use crate::loom::cell::UnsafeCell;
use crate::util::list::{Linked, Links, List};
use crate::util::wake_list::WakeList;

/// A node: one future that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    links: Links<Waiter>,
    entry: UnsafeCell<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Which ready flags end the wait.
    mask: u8,
    waker: Option<Waker>,
}

// SAFETY: a shared reference allows access only through the lock (W1).
unsafe impl Sync for Waiter {}

// SAFETY: `links` is the only such field and always the same.
unsafe impl Linked for Waiter {
    #[inline(always)]
    fn links(&self) -> &Links<Self> {
        &self.links
    }
}

impl Waiter {
    pub(super) fn new() -> Waiter {
        Waiter {
            links: Links::new(),
            entry: UnsafeCell::new(Entry {
                mask: 0,
                waker: None,
            }),
        }
    }

    /// Calls `f` with the entry.
    ///
    /// # Safety
    ///
    /// W1 holds for the time of the call, and `f` does not reach the same node again.
    unsafe fn with<R>(&self, f: impl FnOnce(&mut Entry) -> R) -> R {
        self.entry.with_mut(|entry| {
            // SAFETY: W1, passed on by the caller: no other thread looks at the entry now.
            f(unsafe { &mut *entry })
        })
    }
}

/// The list. It lives inside the lock of its slot.
#[derive(Debug)]
pub(super) struct WaiterList(List<Waiter>);

impl WaiterList {
    pub(super) const fn new() -> WaiterList {
        WaiterList(List::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Links `waiter` at the end.
    ///
    /// # Safety
    ///
    /// `waiter` is pinned, not linked anywhere, is only ever used with this list and its lock from
    /// now on, and is removed before it goes away (W1, W2).
    pub(super) unsafe fn push(&mut self, waiter: &Waiter, mask: u8, waker: Waker) {
        // SAFETY: W1: `&mut self` proves that the lock is held. W3: there was no waker.
        unsafe {
            waiter.with(|entry| {
                debug_assert!(entry.waker.is_none());
                entry.mask = mask;
                entry.waker = Some(waker);
            });
        }
        // SAFETY: W2: the caller promises that it is in no list and is removed in time.
        unsafe { self.0.push_back(NonNull::from(waiter)) };
    }

    /// Unlinks `waiter` if it still is linked, and returns its waker.
    ///
    /// # Safety
    ///
    /// If `waiter` is linked, then it is in this list (W1).
    pub(super) unsafe fn remove(&mut self, waiter: &Waiter) -> Option<Waker> {
        // SAFETY: the caller promises that it is in this list or in none.
        unsafe { self.0.remove(NonNull::from(waiter)) };
        // SAFETY: W1: `&mut self` proves that the lock is held.
        unsafe { waiter.with(|entry| entry.waker.take()) }
    }

    /// Returns whether `waiter` is still linked; if so, `waker` replaces the one it had.
    ///
    /// # Safety
    ///
    /// As for [`remove`](WaiterList::remove).
    pub(super) unsafe fn renew(&mut self, waiter: &Waiter, waker: &Waker) -> Renewed {
        // SAFETY: W1: `&mut self` proves that the lock is held.
        unsafe {
            waiter.with(|entry| match &mut entry.waker {
                // W3.
                None => Renewed::Woken,
                Some(old) if old.will_wake(waker) => Renewed::Waiting(None),
                slot => Renewed::Waiting(slot.replace(waker.clone())),
            })
        }
    }

    /// Unlinks the waiters that one of the `ready` flags satisfies and collects their wakers, until
    /// the batch is full; returns whether there may be more.
    pub(super) fn collect(&mut self, ready: u8, wakers: &mut WakeList) -> bool {
        let mut at = self.0.front();
        while let Some(node) = at {
            if wakers.is_full() {
                return true;
            }
            // SAFETY: `node` was found in this list.
            at = unsafe { self.0.next(node) };
            // SAFETY: W2: linked nodes are alive.
            let waiter = unsafe { node.as_ref() };
            // SAFETY: W1: `&mut self` proves that the lock is held.
            let satisfied = unsafe { waiter.with(|entry| entry.mask & ready != 0) };
            if satisfied {
                // SAFETY: it was found in this list.
                if let Some(waker) = unsafe { self.remove(waiter) } {
                    wakers.push(waker);
                }
            }
        }
        false
    }
}

/// What [`WaiterList::renew`] found.
pub(super) enum Renewed {
    /// Still waiting. Holds the former waker, to be dropped outside the lock, if it was a different
    /// one.
    Waiting(Option<Waker>),
    /// An event unlinked the waiter.
    Woken,
}
