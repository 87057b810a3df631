//! [`Leaves`]: the leaves that have returned `Pending` in one poll of a task, of which one is shown.
//!
//! Only the thread that polls has them. See the protocol in [`noted`](super::noted).
#![forbid(unsafe_code)]

use std::cell::Cell;

use super::wait::Wait;

/// How many leaves are kept.
const KEPT: usize = 4;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Leaves {
    /// In the order in which they were noted; only the first `count` are there.
    kept: [Cell<Leaf>; KEPT],
    count: Cell<usize>,
    /// How many have been noted in this poll.
    noted: Cell<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Leaf {
    wait: Wait,
    object: u64,
    /// What the leaf itself was noted with, if what is around it has replaced that.
    own: (Wait, u64),
    rank: Rank,
    /// How many were noted before it.
    number: u32,
}

/// What counts most is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It limits the time that the task waits for others.
    Limit,
    Plain,
    /// Others may hold it forever.
    Lock,
}

/// What is shown of the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) wait: Wait,
    pub(super) object: u64,
    /// Whether there are others.
    pub(super) several: bool,
}

impl Leaves {
    pub(super) fn new() -> Leaves {
        let none = Leaf {
            wait: Wait::Yield,
            object: 0,
            own: (Wait::Yield, 0),
            rank: Rank::Plain,
            number: 0,
        };
        Leaves {
            kept: std::array::from_fn(|_| Cell::new(none)),
            count: Cell::new(0),
            noted: Cell::new(0),
        }
    }

    /// Returns how many have been noted in this poll.
    pub(super) fn noted(&self) -> u32 {
        self.noted.get()
    }

    /// Adds a leaf. If there is no place for it, it has that of the one before.
    pub(super) fn add(&self, wait: Wait, object: u64) {
        let number = self.noted.get();
        self.noted.set(number.wrapping_add(1));
        let own = (wait, object);
        if self.last().is_some_and(|last| last.get().own == own) {
            // It was polled twice.
            return;
        }
        let at = self.count.get().min(KEPT - 1);
        self.kept[at].set(Leaf {
            wait,
            object,
            own,
            rank: match wait.is_lock() {
                true => Rank::Lock,
                false => Rank::Plain,
            },
            number,
        });
        self.count.set(at + 1);
    }

    /// Replaces what the last one is shown as, or adds one.
    pub(super) fn replace(&self, wait: Wait, object: u64) {
        match self.last() {
            None => self.add(wait, object),
            Some(last) => last.set(Leaf {
                wait,
                object,
                ..last.get()
            }),
        }
    }

    /// Has the last one, if that is a timer, count less than others.
    pub(super) fn limit(&self) {
        if let Some(last) = self.last().filter(|last| last.get().wait == Wait::Timer) {
            last.set(Leaf {
                rank: Rank::Limit,
                ..last.get()
            });
        }
    }

    /// Removes a leaf; returns whether it was there.
    pub(super) fn remove(&self, wait: Wait, object: u64) -> bool {
        self.retain(|leaf| leaf.own != (wait, object))
    }

    /// Removes all but the first `before` of this poll.
    pub(super) fn remove_since(&self, before: u32) {
        self.retain(|leaf| leaf.number < before);
    }

    /// Returns whether any was removed.
    fn retain(&self, stays: impl Fn(&Leaf) -> bool) -> bool {
        let count = self.count.get();
        let mut left = 0;
        for at in 0..count {
            let leaf = self.kept[at].get();
            if stays(&leaf) {
                self.kept[left].set(leaf);
                left += 1;
            }
        }
        self.count.set(left);
        left < count
    }

    fn last(&self) -> Option<&Cell<Leaf>> {
        self.kept[..self.count.get()].last()
    }

    /// Returns the last of those that count most.
    pub(super) fn shown(&self) -> Option<Shown> {
        let kept = self.kept[..self.count.get()].iter().map(Cell::get);
        let shown = kept.max_by_key(|leaf| leaf.rank)?;
        Some(Shown {
            wait: shown.wait,
            object: shown.object,
            several: self.count.get() > 1,
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Leaves, Shown, Wait};

    #[track_caller]
    fn shows(leaves: &Leaves, expected: Option<(Wait, u64, bool)>) {
        let shown = expected.map(|(wait, object, several)| Shown {
            wait,
            object,
            several,
        });
        assert_eq!(leaves.shown(), shown);
    }

    #[test]
    fn the_last_one_is_shown_unless_another_counts_more() {
        let leaves = Leaves::new();
        shows(&leaves, None);
        leaves.add(Wait::MpscRecv, 1);
        leaves.add(Wait::MpscRecv, 1);
        shows(&leaves, Some((Wait::MpscRecv, 1, false)));
        leaves.add(Wait::Timer, 2);
        shows(&leaves, Some((Wait::Timer, 2, true)));
        leaves.limit();
        shows(&leaves, Some((Wait::MpscRecv, 1, true)));
        leaves.limit();
        leaves.add(Wait::MutexLock, 3);
        leaves.limit();
        leaves.add(Wait::Notified, 4);
        shows(&leaves, Some((Wait::MutexLock, 3, true)));
        assert!(leaves.remove(Wait::MutexLock, 3) && !leaves.remove(Wait::MutexLock, 3));
        shows(&leaves, Some((Wait::Notified, 4, true)));
        leaves.replace(Wait::Barrier, 5);
        shows(&leaves, Some((Wait::Barrier, 5, true)));
        assert!(!leaves.remove(Wait::Barrier, 5) && leaves.remove(Wait::Notified, 4));
        shows(&leaves, Some((Wait::MpscRecv, 1, true)));
    }

    #[test]
    fn those_of_a_part_are_removed_and_the_first_ones_have_places() {
        let leaves = Leaves::new();
        leaves.add(Wait::MpscRecv, 1);
        let before = leaves.noted();
        (2..=9).for_each(|object| leaves.add(Wait::OneshotRecv, object));
        shows(&leaves, Some((Wait::OneshotRecv, 9, true)));
        let inner = leaves.noted();
        leaves.add(Wait::Notified, 10);
        leaves.remove_since(inner);
        shows(&leaves, Some((Wait::OneshotRecv, 3, true)));
        leaves.remove_since(before);
        shows(&leaves, Some((Wait::MpscRecv, 1, false)));
        leaves.remove_since(0);
        shows(&leaves, None);
    }
}
