//! [`Event`]: what happens on a worker, in one word.
#![forbid(unsafe_code)]

/// How far the kind is shifted: an id of a task has 60 bits.
const KIND: u32 = 60;
/// How far the number of an operation is shifted: its latency has 52 bits, which is 52 days.
const OPERATION: u32 = 52;

/// Something that happened. A task is told by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A poll begins.
    Poll(u64),
    /// A poll has ended, and the task waits.
    End(u64),
    /// A poll has ended, and the task with it.
    Ready(u64),
    /// A task has ended without a poll: it was aborted, or the runtime ends.
    Cancel(u64),
    /// A task is queued, because it was woken.
    Wake(u64),
    /// A task is made, and queued.
    Spawn(u64),
    /// The worker goes to sleep.
    Park,
    /// The worker has woken up.
    Unpark,
    /// The worker has taken so many tasks from another one.
    Steal(u64),
    /// The thread continues with the poll, and has put the worker down for another thread.
    HandOver,
    /// An operation is submitted.
    Submit(u8),
    /// An operation has completed, so many nanoseconds after it was submitted.
    Complete { operation: u8, latency_ns: u64 },
}

impl Event {
    // An event is known where it is written, and with it what this does.
    #[inline(always)]
    pub(super) fn to_word(self) -> u64 {
        let (kind, rest) = match self {
            Event::Poll(task) => (1, task),
            Event::End(task) => (2, task),
            Event::Ready(task) => (3, task),
            Event::Cancel(task) => (4, task),
            Event::Wake(task) => (5, task),
            Event::Spawn(task) => (6, task),
            Event::Park => (7, 0),
            Event::Unpark => (8, 0),
            Event::Steal(count) => (9, count),
            Event::HandOver => (10, 0),
            Event::Submit(operation) => (11, u64::from(operation)),
            Event::Complete {
                operation,
                latency_ns,
            } => {
                let latency = latency_ns.min((1 << OPERATION) - 1);
                (12, u64::from(operation) << OPERATION | latency)
            }
        };
        kind << KIND | rest
    }

    /// Returns `None` for a word that no event has.
    pub(super) fn from_word(word: u64) -> Option<Event> {
        let rest = word & ((1 << KIND) - 1);
        Some(match word >> KIND {
            1 => Event::Poll(rest),
            2 => Event::End(rest),
            3 => Event::Ready(rest),
            4 => Event::Cancel(rest),
            5 => Event::Wake(rest),
            6 => Event::Spawn(rest),
            7 => Event::Park,
            8 => Event::Unpark,
            9 => Event::Steal(rest),
            10 => Event::HandOver,
            11 => Event::Submit(rest as u8),
            12 => Event::Complete {
                operation: (rest >> OPERATION) as u8,
                latency_ns: rest & ((1 << OPERATION) - 1),
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn a_word_holds_each_event() {
        let task = (1 << 60) - 1;
        let complete = |operation, latency_ns| Event::Complete {
            operation,
            latency_ns,
        };
        for event in [
            Event::Poll(task),
            Event::End(1),
            Event::Ready(2),
            Event::Cancel(3),
            Event::Wake(4),
            Event::Spawn(task),
            Event::Park,
            Event::Unpark,
            Event::Steal(127),
            Event::HandOver,
            Event::Submit(12),
            complete(12, (1 << 52) - 1),
            complete(0, 0),
        ] {
            assert_eq!(Event::from_word(event.to_word()), Some(event));
        }
        assert_eq!(Event::from_word(0), None);
        let longest = complete(7, u64::MAX).to_word();
        assert_eq!(Event::from_word(longest), Some(complete(7, (1 << 52) - 1)));
    }
}
