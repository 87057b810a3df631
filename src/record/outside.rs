//! [`Outside`]: the events of threads that have no worker.
//!
//! # Protocol
//!
//! There are several rings, and a lock for each that is held while an event is written. A thread
//! takes the first lock that is free and waits for none, so that a thread which the system has
//! stopped in the middle of it holds up no other. Only where all of them are taken is the event
//! dropped, and counted.
//!
//! The clock is read under the lock, so that each ring is in order, and a reader merges them. It reads
//! the clock first and then takes each lock once, for a moment: a thread that had read the clock before
//! has written the event by then. What it finds of later times it leaves to the next reader, which may
//! find what another ring had before that. So what one reader finds is the beginning of what a later
//! one does, but for what was overwritten.
#![forbid(unsafe_code)]

use super::clock::Clock;
use super::event::Event;
use super::ring::{Copied, Ring};
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Outside {
    lines: Box<[Line]>,
    /// How many events were not written, because all locks were taken.
    dropped: AtomicU64,
}

/// A ring with its lock.
#[derive(Debug)]
struct Line {
    writing: Mutex<()>,
    ring: Ring,
}

impl Outside {
    /// Creates rings of these capacities. The first is written where no two threads meet.
    pub(super) fn new(capacities: &[usize]) -> Outside {
        let line = |capacity: &usize| Line {
            writing: Mutex::new(()),
            ring: Ring::new(*capacity),
        };
        Outside {
            lines: capacities.iter().map(line).collect(),
            dropped: AtomicU64::new(0),
        }
    }

    /// Writes an event; returns when it happened.
    pub(super) fn write(&self, clock: &Clock, event: Event) -> u64 {
        for line in &self.lines {
            if let Some(_writing) = line.writing.try_lock() {
                let now = clock.ticks();
                line.ring.push(now, event);
                return now;
            }
        }
        self.dropped.fetch_add(1, Ordering::Relaxed);
        clock.ticks()
    }

    /// Copies what was written until now, by time.
    pub(super) fn copy(&self, clock: &Clock) -> Copied {
        let now = clock.ticks();
        let mut events = Vec::new();
        let mut lost = self.dropped.load(Ordering::Relaxed);
        // From when on no ring has lost one.
        let mut since = 0;
        for line in &self.lines {
            drop(line.writing.lock());
            let mut copied = line.ring.copy();
            if copied.lost > 0 {
                lost += copied.lost;
                since = since.max(copied.events.first().map_or(now, |first| first.0));
            }
            events.append(&mut copied.events);
        }
        events.retain(|(ticks, _)| {
            lost += u64::from(*ticks < since);
            (since..=now).contains(ticks)
        });
        events.sort_by_key(|(ticks, _)| *ticks);
        Copied { events, lost }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Event, Outside};

    fn words(outside: &Outside, clock: &Clock) -> (Vec<u64>, u64) {
        let copied = outside.copy(clock);
        let times: Vec<u64> = copied.events.iter().map(|it| it.0).collect();
        assert!(times.is_sorted(), "{times:?}");
        let words = copied.events.iter().map(|it| it.1).collect();
        (words, copied.lost)
    }

    #[test]
    fn what_two_write_at_once_is_kept() {
        let (clock, outside) = (Clock::new(), Outside::new(&[8, 8]));
        outside.write(&clock, Event::Wake(1));
        let first = outside.lines[0].writing.lock();
        outside.write(&clock, Event::Wake(2));
        let second = outside.lines[1].writing.lock();
        outside.write(&clock, Event::Wake(3));
        drop((first, second));
        outside.write(&clock, Event::Wake(4));
        let expected = [1, 2, 4].map(|id| Event::Wake(id).to_word());
        assert_eq!(words(&outside, &clock), (expected.to_vec(), 1));
    }

    #[test]
    fn begins_where_no_ring_has_lost_one() {
        let (clock, outside) = (Clock::new(), Outside::new(&[8, 2]));
        outside.write(&clock, Event::Wake(1));
        let first = outside.lines[0].writing.lock();
        for id in 2..=4 {
            outside.write(&clock, Event::Wake(id));
        }
        drop(first);
        outside.write(&clock, Event::Wake(5));
        // Of a ring of two, one is there: the other may be in the middle of being overwritten.
        let expected = [4, 5].map(|id| Event::Wake(id).to_word());
        assert_eq!(words(&outside, &clock), (expected.to_vec(), 3));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Clock, Event, Outside};
    use crate::loom::sync::Arc;
    use crate::loom::thread;

    fn ids(outside: &Outside, clock: &Clock) -> Vec<u64> {
        let copied = outside.copy(clock);
        assert_eq!(copied.lost, 0);
        let ids = copied.events.iter().map(|it| Event::from_word(it.1));
        let ids = ids.map(|event| match event {
            Some(Event::Wake(id)) => id,
            other => panic!("{other:?}"),
        });
        ids.collect()
    }

    #[test]
    fn loom_two_that_write_at_once_lose_nothing() {
        loom::model(|| {
            let shared = Arc::new((Clock::new(), Outside::new(&[8, 8])));
            let other = shared.clone();
            let other = thread::spawn(move || {
                let (clock, outside) = &*other;
                outside.write(clock, Event::Wake(1));
                outside.write(clock, Event::Wake(2));
            });
            let (clock, outside) = &*shared;
            outside.write(clock, Event::Wake(3));
            other.join().unwrap();
            let mut found = ids(outside, clock);
            found.retain(|id| *id != 3);
            assert_eq!(found, [1, 2]);
            assert_eq!(ids(outside, clock).len(), 3);
        });
    }

    #[test]
    fn loom_what_is_found_early_is_the_beginning_of_what_is_found_late() {
        loom::model(|| {
            let shared = Arc::new((Clock::new(), Outside::new(&[4, 4, 4])));
            let writer = shared.clone();
            let writer = thread::spawn(move || {
                let (clock, outside) = &*writer;
                outside.write(clock, Event::Wake(1));
                outside.write(clock, Event::Wake(2));
            });
            let (clock, outside) = &*shared;
            let early = ids(outside, clock);
            writer.join().unwrap();
            let late = ids(outside, clock);
            assert_eq!(late, [1, 2]);
            assert!(late.starts_with(&early), "{early:?}");
        });
    }
}
