//! [`Ring`]: the last events of one writer, read by any thread while the writer continues.
//!
//! # Protocol
//!
//! The writer counts the events that it has written in `head`. Event number `n` lies at `n` modulo
//! the capacity, so it overwrites number `n - capacity`. A reader copies events and then looks at
//! `head` again: of what it has copied, it keeps what cannot have been overwritten by then, which
//! also excludes the one that number `head`, which may be half written, overwrites.
//!
//! That the reader sees `head` move is ensured by two fences: the writer's, between the store of
//! `head` and those of the next event, and the reader's, between its loads of events and that of
//! `head`. If a load sees a part of event `n`, the fences synchronize, and `head` is at least `n`.
#![forbid(unsafe_code)]

use super::event::Event;
use crate::loom::sync::atomic::{AtomicU64, Ordering, fence};

#[derive(Debug)]
pub(super) struct Ring {
    /// How many events were written. Stored by the writer, loaded by all.
    head: AtomicU64,
    events: Box<[Entry]>,
}

/// An event and its time. Stored by the writer, loaded by readers, which may see parts of two.
#[derive(Debug, Default)]
struct Entry {
    ticks: AtomicU64,
    word: AtomicU64,
}

/// What a reader has found.
#[derive(Debug)]
pub(super) struct Copied {
    /// The times and words, the oldest first.
    pub(super) events: Vec<(u64, u64)>,
    /// How many there were before these.
    pub(super) lost: u64,
}

impl Ring {
    /// Creates a ring for a power of two of events.
    pub(super) fn new(capacity: usize) -> Ring {
        assert!(capacity.is_power_of_two());
        Ring {
            head: AtomicU64::new(0),
            events: (0..capacity).map(|_| Entry::default()).collect(),
        }
    }

    /// Writes an event. There is one writer at a time; with two, events would be garbled.
    #[inline(always)]
    pub(super) fn push(&self, ticks: u64, event: Event) {
        let head = self.head.load(Ordering::Relaxed);
        fence(Ordering::Release);
        let entry = &self.events[head as usize & (self.events.len() - 1)];
        entry.ticks.store(ticks, Ordering::Relaxed);
        entry.word.store(event.to_word(), Ordering::Relaxed);
        self.head.store(head + 1, Ordering::Release);
    }

    /// Copies what is there.
    pub(super) fn copy(&self) -> Copied {
        let capacity = self.events.len() as u64;
        let end = self.head.load(Ordering::Acquire);
        let start = end.saturating_sub(capacity);
        let copy = |number: u64| {
            let entry = &self.events[(number % capacity) as usize];
            let ticks = entry.ticks.load(Ordering::Relaxed);
            (ticks, entry.word.load(Ordering::Relaxed))
        };
        let mut events: Vec<_> = (start..end).map(copy).collect();
        fence(Ordering::Acquire);
        let head = self.head.load(Ordering::Relaxed);
        let first = (head + 1).saturating_sub(capacity).clamp(start, end);
        events.drain(..(first - start) as usize);
        Copied {
            events,
            lost: first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Ring};

    #[test]
    fn keeps_the_last_events_in_order() {
        let ring = Ring::new(8);
        assert!(ring.copy().events.is_empty());
        for number in 0..100 {
            ring.push(number, Event::Poll(number));
            let copied = ring.copy();
            let first = (number + 2).saturating_sub(8);
            let expected = (first..=number).map(|it| (it, Event::Poll(it).to_word()));
            assert_eq!(copied.events, expected.collect::<Vec<_>>());
            assert_eq!(copied.lost, first);
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Event, Ring};
    use crate::loom::sync::Arc;
    use crate::loom::thread;

    #[test]
    fn loom_a_copied_event_is_whole() {
        loom::model(|| {
            let ring = Arc::new(Ring::new(2));
            let writer = ring.clone();
            let writer = thread::spawn(move || {
                for number in 1..=4 {
                    writer.push(number, Event::Poll(number));
                }
            });
            let copied = ring.copy();
            for (offset, (ticks, word)) in copied.events.iter().enumerate() {
                assert_eq!(*ticks, copied.lost + offset as u64 + 1);
                assert_eq!(*word, Event::Poll(*ticks).to_word());
            }
            writer.join().unwrap();
            assert_eq!(ring.copy().events.len(), 1);
        });
    }
}
