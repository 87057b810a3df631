//! The slots of a registry, in pages that are added as needed and freed with the registry.
//!
//! An index names the same slot, in the same place, for as long as the registry lives. So a token of
//! the kernel may be looked up at any time without a lock; the generation in the slot's word tells
//! whether the token is still valid. A registration holds its slot and looks nothing up
//! (`HeldSlot`). Free slots are handed out again last in, first out, while they are warm.
//!
//! A peak of 100,000 sockets leaves 131,040 slots of 64 bytes and as many indices of 4 behind,
//! which is 8.9 MB, or 89 bytes for each socket of the peak.
#![forbid(unsafe_code)]

use std::io;

use super::slot::Slot;
use crate::driver::shutdown_error;
use crate::loom::sync::{Mutex, OnceLock};

/// The number of slots in the first page; each page has twice as many as the one before.
const FIRST_PAGE: usize = 32;

/// Enough for `FIRST_PAGE * (2^PAGES - 1)` slots: more than a process can have descriptors, or as
/// many as an index of 20 bits can name (`word.rs`).
const PAGES: usize = if usize::BITS >= 64 { 26 } else { 15 };

/// All slots of one registry.
#[derive(Debug)]
pub(super) struct Slots {
    pages: [OnceLock<Box<[Slot]>>; PAGES],
    free: Mutex<Free>,
}

#[derive(Debug)]
struct Free {
    /// Free indices that were used before.
    returned: Vec<u32>,
    /// The first index that was never used.
    next: u32,
    closed: bool,
}

impl Slots {
    pub(super) fn new() -> Slots {
        Slots {
            pages: [const { OnceLock::new() }; PAGES],
            free: Mutex::new(Free {
                returned: Vec::new(),
                next: 0,
                closed: false,
            }),
        }
    }

    /// Returns the slot at `index`, if there ever was one.
    #[inline]
    pub(super) fn slot(&self, index: u32) -> Option<&Slot> {
        let (page, offset) = locate(index);
        self.pages.get(page)?.get()?.get(offset)
    }

    /// Takes a free slot. Its word is that of a new registration.
    pub(super) fn acquire(&self) -> io::Result<u32> {
        let mut free = self.free.lock();
        if free.closed {
            return Err(shutdown_error());
        }
        if let Some(index) = free.returned.pop() {
            return Ok(index);
        }
        let index = free.next;
        let (page, _) = locate(index);
        let Some(page_cell) = self.pages.get(page) else {
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        };
        page_cell.get_or_init(|| (0..FIRST_PAGE << page).map(|_| Slot::new()).collect());
        free.next += 1;
        Ok(index)
    }

    /// Returns the slot to the free list; its registration is over.
    pub(super) fn release(&self, index: u32) {
        if let Some(slot) = self.slot(index) {
            slot.retire();
            self.free.lock().returned.push(index);
        }
    }

    /// Shuts every existing slot down; no slot can be acquired from now on.
    pub(super) fn shut_down(&self) {
        let used = {
            let mut free = self.free.lock();
            free.closed = true;
            free.next
        };
        // This includes slots that are acquired but not registered with the kernel yet.
        for slot in (0..used).filter_map(|index| self.slot(index)) {
            slot.shut_down();
        }
    }
}

/// Returns the page of an index and the offset in it.
#[inline]
fn locate(index: u32) -> (usize, usize) {
    let shifted = index as usize + FIRST_PAGE;
    let page = (shifted.ilog2() - FIRST_PAGE.ilog2()) as usize;
    (page, shifted - (FIRST_PAGE << page))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{FIRST_PAGE, Slots, locate};
    use crate::driver::is_shutdown_error;
    use crate::driver::readiness::slot::HeldSlot;

    /// An index for which there is no page.
    const BEYOND: u32 = 1 << 31;

    #[test]
    fn indices_fill_one_page_after_the_other() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(locate(index), expected);
            expected.1 += 1;
            if expected.1 == FIRST_PAGE << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn a_released_slot_is_used_again_in_its_next_generation() {
        let slots = Slots::new();
        let first = slots.acquire().unwrap();
        let second = slots.acquire().unwrap();
        assert_ne!(first, second);
        slots.release(first);
        assert_eq!(slots.acquire().unwrap(), first);
        assert_eq!(slots.slot(first).unwrap().word().generation(), 1);
        assert_eq!(slots.slot(second).unwrap().word().generation(), 0);
        assert!(slots.slot(BEYOND).is_none());
    }

    #[test]
    fn a_held_slot_outlives_the_other_users_of_its_page() {
        let slots = Arc::new(Slots::new());
        let index = slots.acquire().unwrap();
        let held = HeldSlot::new(slots.clone(), |slots| slots.slot(index)).unwrap();
        assert!(std::ptr::eq(&*held, slots.slot(index).unwrap()));
        assert!(HeldSlot::new(slots.clone(), |slots| slots.slot(BEYOND)).is_none());
        slots.shut_down();
        drop(slots);
        let held = std::thread::spawn(move || {
            assert!(held.word().load().is_shutdown());
            held
        });
        held.join().unwrap().owner().release(index);
    }

    #[test]
    fn a_thousand_slots_are_distinct() {
        let slots = Slots::new();
        let mut all: Vec<u32> = (0..1000).map(|_| slots.acquire().unwrap()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn nothing_can_be_acquired_after_the_shutdown() {
        let slots = Slots::new();
        let index = slots.acquire().unwrap();
        slots.shut_down();
        assert!(slots.slot(index).unwrap().word().load().is_shutdown());
        assert!(is_shutdown_error(&slots.acquire().unwrap_err()));
        slots.release(index);
        assert!(slots.slot(index).unwrap().word().load().is_shutdown());
    }
}
