//! The timer wheel: seven levels of 64 slots and a list for what lies beyond.
//!
//! A slot of level `n` spans `64^n` ticks: level 1 counts milliseconds. An entry lies in the level of the highest base-64 digit
//! in which its deadline differs from `elapsed`, so that level `n` only holds deadlines that agree
//! with `elapsed` in every higher digit and have a larger digit `n`. Two things follow: the lowest
//! level that is not empty holds the earliest deadline, in its first occupied slot; and `elapsed`
//! may move forward freely as long as it enters no occupied slot. When it enters one, the slot's
//! entries move to lower levels or become due; those of a slot of the lowest level, which are due
//! together, stay where they are.
//!
//! Deadlines that differ from `elapsed` above the seventh digit (2.2 years) wait in one unsorted list
//! until `elapsed` has reached their epoch.
//!
//! Insert, schedule, cancel and remove are O(1). Read `shard.rs` next.
#![forbid(unsafe_code)]

use std::task::Waker;

use slab::Slab;

use crate::util::shrink::KEEP;

/// The deadline that never comes: longer than any process lives.
pub(crate) const NEVER: u64 = u64::MAX - 1;

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 7;
const NIL: u32 = u32::MAX;

/// The lists besides the slots: deadlines beyond the last level, and entries that are due.
const FAR: u16 = (LEVELS * SLOTS) as u16;
const DUE: u16 = FAR + 1;
const LISTS: usize = LEVELS * SLOTS + 2;
/// The place of an entry that is in no list.
const NOWHERE: u16 = u16::MAX;

/// Identifies an entry; the generation makes the key of a removed entry harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// Returns the entry's index, which no other entry has until this one is removed.
    pub(crate) fn index(self) -> u32 {
        self.index
    }
}

/// Deadlines in order. See the module's documentation.
#[derive(Debug)]
pub(crate) struct Wheel {
    elapsed: u64,
    lists: Vec<List>,
    /// One bit per level in which a slot is occupied.
    levels: u8,
    /// One bit per slot, one word per level.
    occupied: [u64; LEVELS],
    entries: Slab<Entry>,
    generation: u32,
    /// How many entries were removed since `give_back` last looked for memory to free.
    removed: usize,
}

#[derive(Debug)]
struct Entry {
    when: u64,
    prev: u32,
    next: u32,
    generation: u32,
    place: u16,
    waker: Option<Waker>,
}

#[derive(Clone, Debug)]
struct List {
    head: u32,
    tail: u32,
    /// No entry of the list is due before this; exact until an entry leaves the list.
    earliest: u64,
}

impl List {
    const EMPTY: List = List {
        head: NIL,
        tail: NIL,
        earliest: u64::MAX,
    };
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            elapsed: 0,
            lists: vec![List::EMPTY; LISTS],
            levels: 0,
            occupied: [0; LEVELS],
            entries: Slab::new(),
            generation: 0,
            removed: 0,
        }
    }

    /// Returns the tick that the wheel has reached: every deadline up to it has been handed out or
    /// is due.
    pub(crate) fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// Returns how many entries exist, scheduled or not.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry, scheduled as by [`Self::schedule`].
    pub(crate) fn insert(&mut self, when: u64, waker: Option<Waker>) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let place = self.place_of(when);
        let index = self.entries.insert(Entry {
            when,
            prev: NIL,
            next: NIL,
            generation,
            place,
            waker,
        });
        let index = u32::try_from(index)
            .ok()
            .filter(|&index| index != NIL)
            .expect("four billion timers do not fit in memory");
        self.append(index, place, when);
        Key { index, generation }
    }

    /// Schedules an entry, or moves its deadline. A deadline that has passed is due at the next
    /// [`Self::pop_expired`].
    pub(crate) fn schedule(&mut self, key: Key, when: u64) {
        if self.entry(key).is_some() {
            self.unlink(key.index);
            self.link(key.index, when);
        }
    }

    /// Unschedules an entry, which stays in the wheel.
    pub(crate) fn cancel(&mut self, key: Key) {
        if self.entry(key).is_some() {
            self.unlink(key.index);
        }
    }

    /// Puts a waker into an entry and returns the former one.
    pub(crate) fn replace_waker(&mut self, key: Key, waker: Waker) -> Option<Waker> {
        self.entry(key)?;
        self.entries[key.index as usize].waker.replace(waker)
    }

    /// Takes the waker out of an entry.
    pub(crate) fn take_waker(&mut self, key: Key) -> Option<Waker> {
        self.entry(key)?;
        self.entries[key.index as usize].waker.take()
    }

    /// Removes an entry and returns its waker.
    #[inline]
    pub(crate) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.entry(key)?;
        let entry = self.entries.remove(key.index as usize);
        self.close_gap(entry.place, entry.prev, entry.next);
        self.give_back();
        entry.waker
    }

    /// Frees the memory of a peak: all of it when no entry is left, otherwise what lies behind the
    /// last remaining entry. The latter scans the whole slab, so it is done only while few entries
    /// are in use, and again only after removals of half as many.
    fn give_back(&mut self) {
        self.removed += 1;
        let places = self.entries.capacity();
        if places <= KEEP {
            return;
        }
        if self.entries.is_empty() {
            self.entries = Slab::new();
            self.removed = 0;
        } else if self.entries.len() <= places / 8 && self.removed > places / 2 {
            self.entries.shrink_to_fit();
            self.removed = 0;
        }
    }

    /// Returns a tick before which nothing is due; `None` if nothing will ever be due.
    ///
    /// It is the earliest deadline, unless an entry that shared a slot of a higher level with
    /// it has been removed or moved: then it may be that entry's.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        if self.lists[DUE as usize].head != NIL {
            return Some(self.elapsed);
        }
        let list = match self.first_slot() {
            Some(place) => place,
            None => FAR as usize,
        };
        Some(self.lists[list].earliest).filter(|&earliest| earliest < NEVER)
    }

    /// Takes one entry whose deadline is at or before `now`, the earliest first. The entry
    /// stays in the wheel, unscheduled, until it is scheduled again or removed.
    ///
    /// Returns `None` if nothing more is due at `now`.
    pub(crate) fn pop_expired(&mut self, now: u64) -> Option<Key> {
        loop {
            // What was scheduled when its tick had come is behind what had waited for it.
            let mut index = self.lists[self.elapsed as usize % SLOTS].head;
            if index == NIL {
                index = self.lists[DUE as usize].head;
            }
            if index != NIL {
                self.unlink(index);
                let generation = self.entries[index as usize].generation;
                return Some(Key { index, generation });
            }
            if !self.enter_next_slot(now) {
                self.elapsed = self.elapsed.max(now);
                return None;
            }
        }
    }

    /// Moves `elapsed` to the start of the next occupied slot, if that is not after `now`, and
    /// moves the slot's entries to lower levels, if there is one. Returns `false` if no slot starts
    /// by `now`.
    fn enter_next_slot(&mut self, now: u64) -> bool {
        let (place, start) = match self.first_slot() {
            Some(place) => (place, self.slot_start(place)),
            None => {
                let far = &self.lists[FAR as usize];
                if far.head == NIL {
                    return false;
                }
                let span = DIGIT_BITS * LEVELS as u32;
                (FAR as usize, far.earliest >> span << span)
            }
        };
        if start > now {
            return false;
        }
        // The far list's bound may belong to an entry that has left the list, and be in the past.
        self.elapsed = self.elapsed.max(start);
        if place < SLOTS {
            return true;
        }
        let taken = std::mem::replace(&mut self.lists[place], List::EMPTY);
        self.vacate(place);
        let mut index = taken.head;
        while index != NIL {
            let entry = &self.entries[index as usize];
            let (next, when) = (entry.next, entry.when);
            self.link(index, when);
            index = next;
        }
        true
    }

    /// Returns the first occupied slot of the lowest level that has one.
    fn first_slot(&self) -> Option<usize> {
        let level = self.levels.trailing_zeros() as usize;
        let slots = self.occupied.get(level)?;
        Some(level * SLOTS + slots.trailing_zeros() as usize)
    }

    /// Returns the first tick of an occupied slot.
    fn slot_start(&self, place: usize) -> u64 {
        let shift = DIGIT_BITS * (place / SLOTS) as u32;
        let above = shift + DIGIT_BITS;
        (self.elapsed >> above << above) | (((place % SLOTS) as u64) << shift)
    }

    /// Returns the list that a deadline belongs to.
    fn place_of(&self, when: u64) -> u16 {
        if when <= self.elapsed {
            return DUE;
        }
        let highest_bit = 63 - (when ^ self.elapsed).leading_zeros();
        let level = highest_bit / DIGIT_BITS;
        if level as usize >= LEVELS {
            return FAR;
        }
        let digit = (when >> (level * DIGIT_BITS)) as usize % SLOTS;
        (level as usize * SLOTS + digit) as u16
    }

    /// Appends an entry that is in no list to the list of its deadline.
    fn link(&mut self, index: u32, when: u64) {
        let place = self.place_of(when);
        let entry = &mut self.entries[index as usize];
        entry.when = when;
        entry.place = place;
        entry.prev = NIL;
        entry.next = NIL;
        self.append(index, place, when);
    }

    /// Appends an entry, which has this place and no neighbor, to the list of the place.
    #[inline]
    fn append(&mut self, index: u32, place: u16, when: u64) {
        let list = &mut self.lists[place as usize];
        let tail = std::mem::replace(&mut list.tail, index);
        list.earliest = list.earliest.min(when);
        if tail == NIL {
            list.head = index;
            if place < FAR {
                let place = place as usize;
                self.levels |= 1 << (place / SLOTS);
                self.occupied[place / SLOTS] |= 1 << (place % SLOTS);
            }
        } else {
            self.entries[tail as usize].next = index;
            self.entries[index as usize].prev = tail;
        }
    }

    /// Records that a list is empty.
    #[inline]
    fn vacate(&mut self, place: usize) {
        let level = place / SLOTS;
        if let Some(slots) = self.occupied.get_mut(level) {
            *slots &= !(1 << (place % SLOTS));
            self.levels &= !(u8::from(*slots == 0) << level);
        }
    }

    /// Takes an entry out of its list, if it is in one.
    fn unlink(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let (prev, next) = (entry.prev, entry.next);
        let place = std::mem::replace(&mut entry.place, NOWHERE);
        self.close_gap(place, prev, next);
    }

    /// Joins the neighbors of an entry that has left the list of this place, if it was in one.
    #[inline]
    fn close_gap(&mut self, place: u16, prev: u32, next: u32) {
        if place == NOWHERE {
            return;
        }
        let place = place as usize;
        if prev != NIL {
            self.entries[prev as usize].next = next;
        }
        if next != NIL {
            self.entries[next as usize].prev = prev;
        }
        let list = &mut self.lists[place];
        if prev == NIL {
            list.head = next;
        }
        if next == NIL {
            list.tail = prev;
        }
        if list.head == NIL {
            list.earliest = u64::MAX;
            self.vacate(place);
        }
    }

    fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries
            .get(key.index as usize)
            .filter(|entry| entry.generation == key.generation)
    }
}

#[cfg(test)]
mod tests;
