//! The list of the futures that wait for one file descriptor.
//!
//! A doubly linked list through nodes that live inside the futures, so waiting allocates nothing
//! and a future that is dropped unlinks itself at once however many others wait.
//!
//! # Invariants
//!
//! - **W1** A node is only read or written while the lock of the list's slot is held, or before it
//!   was linked for the first time.
//! - **W2** A linked node is pinned, and its owner unlinks it before the memory goes away. A leaked
//!   owner never runs its destructor, and then the pin guarantees that the memory stays.

use std::marker::PhantomPinned;
use std::ptr;
use std::task::Waker;

use crate::loom::cell::UnsafeCell;

/// A node: one future that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    node: UnsafeCell<Node>,
    _pinned: PhantomPinned,
}

#[derive(Debug)]
struct Node {
    previous: *const Waiter,
    next: *const Waiter,
    linked: bool,
    /// Which ready flags end the wait.
    mask: u8,
    waker: Option<Waker>,
}

// SAFETY: W1: the pointers are only followed under the lock; the rest of a node is `Send`.
unsafe impl Send for Waiter {}
// SAFETY: a shared reference gives access to nothing but through the lock (W1).
unsafe impl Sync for Waiter {}

impl Waiter {
    pub(super) fn new() -> Waiter {
        Waiter {
            node: UnsafeCell::new(Node {
                previous: ptr::null(),
                next: ptr::null(),
                linked: false,
                mask: 0,
                waker: None,
            }),
            _pinned: PhantomPinned,
        }
    }

    /// Runs `f` on the node.
    ///
    /// # Safety
    ///
    /// W1 holds for the time of the call, and `f` does not reach the same node again.
    unsafe fn with<R>(&self, f: impl FnOnce(&mut Node) -> R) -> R {
        self.node.with_mut(|node| {
            // SAFETY: W1, passed on by the caller: nobody else looks at the node now.
            f(unsafe { &mut *node })
        })
    }
}

/// The list. It lives inside the lock of its slot.
#[derive(Debug)]
pub(super) struct List {
    head: *const Waiter,
    tail: *const Waiter,
}

// SAFETY: W1 and W2: the pointers lead to `Waiter`s, which are `Send` and `Sync`.
unsafe impl Send for List {}

impl List {
    pub(super) const fn new() -> List {
        List {
            head: ptr::null(),
            tail: ptr::null(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// Links `waiter` at the end.
    ///
    /// # Safety
    ///
    /// `waiter` is pinned, not linked anywhere, is only ever used with this list and its lock from
    /// now on, and is removed before it goes away (W1, W2).
    pub(super) unsafe fn push(&mut self, waiter: &Waiter, mask: u8, waker: Waker) {
        let previous = self.tail;
        // SAFETY: W1: `&mut self` proves that the lock is held.
        unsafe {
            waiter.with(|node| {
                debug_assert!(!node.linked);
                node.previous = previous;
                node.next = ptr::null();
                node.linked = true;
                node.mask = mask;
                node.waker = Some(waker);
            });
        }
        if previous.is_null() {
            self.head = waiter;
        } else {
            // SAFETY: W2: the tail is linked, so it is alive. W1: the lock is held.
            unsafe { (*previous).with(|node| node.next = waiter) };
        }
        self.tail = waiter;
    }

    /// Unlinks `waiter` if it still is linked, and gives its waker back.
    ///
    /// # Safety
    ///
    /// If `waiter` is linked, then it is in this list (W1).
    pub(super) unsafe fn remove(&mut self, waiter: &Waiter) -> Option<Waker> {
        // SAFETY: W1: `&mut self` proves that the lock is held.
        let (linked, previous, next, waker) = unsafe {
            waiter.with(|node| {
                let linked = std::mem::replace(&mut node.linked, false);
                (linked, node.previous, node.next, node.waker.take())
            })
        };
        if !linked {
            return waker;
        }
        if previous.is_null() {
            self.head = next;
        } else {
            // SAFETY: W2: the neighbour is linked, so it is alive. W1: the lock is held.
            unsafe { (*previous).with(|node| node.next = next) };
        }
        if next.is_null() {
            self.tail = previous;
        } else {
            // SAFETY: as above.
            unsafe { (*next).with(|node| node.previous = previous) };
        }
        waker
    }

    /// Whether `waiter` is still linked; if so it gets `waker` in exchange for the one it had.
    ///
    /// # Safety
    ///
    /// As for [`remove`](List::remove).
    pub(super) unsafe fn renew(&mut self, waiter: &Waiter, waker: &Waker) -> Renewed {
        // SAFETY: W1: `&mut self` proves that the lock is held.
        unsafe {
            waiter.with(|node| {
                if !node.linked {
                    return Renewed::Woken;
                }
                match &mut node.waker {
                    Some(old) if old.will_wake(waker) => Renewed::Waiting(None),
                    slot => Renewed::Waiting(slot.replace(waker.clone())),
                }
            })
        }
    }

    /// Unlinks the first waiter that one of the `ready` flags satisfies.
    pub(super) fn take(&mut self, ready: u8) -> Option<Waker> {
        let mut at = self.head;
        while !at.is_null() {
            // SAFETY: W2: linked nodes are alive.
            let waiter = unsafe { &*at };
            // SAFETY: W1: `&mut self` proves that the lock is held.
            let (mask, next) = unsafe { waiter.with(|node| (node.mask, node.next)) };
            if mask & ready != 0 {
                // SAFETY: it was found in this list.
                return unsafe { self.remove(waiter) };
            }
            at = next;
        }
        None
    }
}

/// What [`List::renew`] found.
pub(super) enum Renewed {
    /// Still waiting; the former waker, to be dropped outside the lock, if it was another one.
    Waiting(Option<Waker>),
    /// An event took the waiter off the list.
    Woken,
}
