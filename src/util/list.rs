//! A doubly linked list whose links live in its nodes.
//!
//! Waiters embed [`Links`] and are pinned where they wait, so waiting needs no allocation. The list
//! owns nothing: it holds addresses, and a caller that pushes a node promises to take it out before
//! the node is dropped. The list has no lock of its own; its owner keeps it (and with it the links
//! of every node that is in it) behind one. `sync/semaphore/raw.rs` is the simplest user.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomPinned;
use std::ptr::NonNull;

/// The two neighbors of a node, `None` at the ends and outside of any list.
pub(crate) struct Links<T> {
    prev: Cell<Option<NonNull<T>>>,
    next: Cell<Option<NonNull<T>>>,
    _pinned: PhantomPinned,
}

// SAFETY: the cells are private to this file, which reads and writes them only through a
// `&mut List`, so whatever makes that exclusive (a lock) orders every access. A node outside of a
// list has two `None`s, which belong to no thread.
unsafe impl<T> Send for Links<T> {}
// SAFETY: as for `Send`: a shared `Links` allows access to nothing.
unsafe impl<T> Sync for Links<T> {}

impl<T> Links<T> {
    pub(crate) const fn new() -> Self {
        Self {
            prev: Cell::new(None),
            next: Cell::new(None),
            _pinned: PhantomPinned,
        }
    }
}

impl<T> fmt::Debug for Links<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// A type that can be a node of a [`List`].
///
/// # Safety
/// `links` returns the same field of `self` at every call, and nothing else hands that field to a
/// list of another node type.
pub(crate) unsafe trait Linked: Sized {
    /// Returns the field that links this node.
    fn links(&self) -> &Links<Self>;
}

/// The list. Dropping it leaves its nodes as they are.
pub(crate) struct List<T> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
}

// SAFETY: a list is a pair of addresses of nodes; moving it to another thread moves the right to
// touch the nodes, which `T: Send + Sync` allows from any thread.
unsafe impl<T: Send + Sync> Send for List<T> {}
// SAFETY: a shared list can only be asked for addresses and for whether it is empty.
unsafe impl<T: Send + Sync> Sync for List<T> {}

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        Self {
            head: None,
            tail: None,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Returns the first node.
    #[inline]
    pub(crate) fn front(&self) -> Option<NonNull<T>> {
        self.head
    }

    /// Returns the last node.
    #[inline]
    pub(crate) fn back(&self) -> Option<NonNull<T>> {
        self.tail
    }
}

impl<T: Linked> List<T> {
    /// Appends `node`.
    ///
    /// # Safety
    /// `node` is in no list, and is neither moved nor dropped before it has been taken out of this
    /// one.
    #[inline]
    pub(crate) unsafe fn push_back(&mut self, node: NonNull<T>) {
        debug_assert_ne!(self.tail, Some(node));
        let old = self.tail.replace(node);
        match old {
            None => self.head = Some(node),
            Some(old) => links(&old).next.set(Some(node)),
        }
        links(&node).prev.set(old);
        links(&node).next.set(None);
    }

    /// Takes the first node out.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.head?;
        self.head = links(&node).next.take();
        match self.head {
            None => self.tail = None,
            Some(head) => links(&head).prev.set(None),
        }
        Some(node)
    }

    /// Takes `node` out; returns `false` if it was in no list.
    ///
    /// # Safety
    /// `node` is alive, and is in this list or in none.
    #[inline]
    pub(crate) unsafe fn remove(&mut self, node: NonNull<T>) -> bool {
        let (prev, next) = (links(&node).prev.take(), links(&node).next.take());
        match prev {
            Some(prev) => links(&prev).next.set(next),
            None if self.head == Some(node) => self.head = next,
            None => return false,
        }
        match next {
            Some(next) => links(&next).prev.set(prev),
            None => self.tail = prev,
        }
        true
    }

    /// Returns the node after `node`.
    ///
    /// # Safety
    /// `node` is in this list.
    #[inline]
    pub(crate) unsafe fn next(&self, node: NonNull<T>) -> Option<NonNull<T>> {
        links(&node).next.get()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}

/// Returns the links of a node that is in a list, or that a caller of an unsafe function vouches
/// for.
#[inline(always)]
fn links<T: Linked>(node: &NonNull<T>) -> &Links<T> {
    // SAFETY: every address that reaches this function came in through `push_back`,
    // `remove` or `next`, whose callers promise that the node stays where it is until it is out.
    unsafe { node.as_ref() }.links()
}

#[cfg(test)]
mod tests {
    use super::{Linked, Links, List};
    use std::collections::VecDeque;
    use std::ptr::NonNull;

    struct Node {
        value: usize,
        links: Links<Node>,
    }

    // SAFETY: the one field of its kind.
    unsafe impl Linked for Node {
        fn links(&self) -> &Links<Self> {
            &self.links
        }
    }

    fn nodes(count: usize) -> Box<[Node]> {
        let node = |value| Node {
            value,
            links: Links::new(),
        };
        (0..count).map(node).collect()
    }

    fn forwards(list: &List<Node>) -> Vec<usize> {
        let mut values = Vec::new();
        let mut at = list.front();
        while let Some(node) = at {
            // SAFETY: the nodes of these tests outlive their list.
            values.push(unsafe { node.as_ref() }.value);
            // SAFETY: `node` was found in the list.
            at = unsafe { list.next(node) };
        }
        values
    }

    #[test]
    fn behaves_like_a_queue_with_removal() {
        const NODES: usize = 7;
        let boxes = nodes(NODES);
        let (mut list, mut model) = (List::new(), VecDeque::new());
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let which = (random >> 8) as usize % NODES;
            let node = NonNull::from(&boxes[which]);
            // SAFETY: a node is pushed only while the model does not have it; the boxes stay.
            unsafe {
                match random % 4 {
                    0 | 1 if !model.contains(&which) => {
                        list.push_back(node);
                        model.push_back(which);
                    }
                    2 => {
                        let popped = list.pop_front().map(|node| node.as_ref().value);
                        assert_eq!(popped, model.pop_front());
                    }
                    _ => {
                        let at = model.iter().position(|&have| have == which);
                        assert_eq!(list.remove(node), at.is_some());
                        at.map(|at| model.remove(at));
                    }
                }
            }
            assert_eq!(forwards(&list), Vec::from(model.clone()));
            assert_eq!(list.is_empty(), model.is_empty());
            // SAFETY: the boxes stay.
            let back = list.back().map(|node| unsafe { node.as_ref() }.value);
            assert_eq!(back, model.back().copied());
        }
    }
}
