//! Interleavings of pushing and popping where blocks begin and end. A block has two slots here.

use super::pair;
use crate::loom::sync::Arc;
use crate::loom::thread;

/// Pops until nothing is there, at most `most` times, and checks that each sender's values come
/// in order. A value is a sender's number and a count from one.
struct Popped {
    last: [u32; 2],
    count: u32,
}

impl Popped {
    fn note(&mut self, value: &(usize, u32)) {
        assert_eq!(self.last[value.0] + 1, value.1, "in order, none lost");
        self.last[value.0] = value.1;
        self.count += 1;
    }
}

/// Two threads push while this one pops, from the slot `offset` of a block that was used before.
fn push_and_pop(offset: u32, per_thread: [u32; 2], pops: u32) {
    let (shared, mut consumer) = pair::<Arc<(usize, u32)>, ()>(());
    for _ in 0..offset {
        shared.push(Arc::new((0, 0)));
        assert!(consumer.pop().is_some());
    }
    let mut popped = Popped {
        last: [0; 2],
        count: 0,
    };
    let threads: Vec<_> = (0..2)
        .filter(|&sender| per_thread[sender] > 0)
        .map(|sender| {
            let shared = shared.clone();
            let count = per_thread[sender];
            thread::spawn(move || {
                for number in 1..=count {
                    shared.push(Arc::new((sender, number)));
                }
            })
        })
        .collect();
    for _ in 0..pops {
        if let Some(value) = consumer.pop() {
            popped.note(&value);
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    while let Some(value) = consumer.pop() {
        popped.note(&value);
    }
    assert_eq!(popped.count, per_thread.iter().sum::<u32>());
}

#[test]
fn loom_one_sender_goes_through_blocks() {
    loom::model(|| push_and_pop(1, [5, 0], 5));
}

#[test]
fn loom_two_senders_link_the_same_block() {
    loom::model(|| push_and_pop(2, [1, 1], 2));
}

#[test]
fn loom_two_senders_and_a_recycled_block() {
    loom::model(|| push_and_pop(1, [3, 1], 4));
}

#[test]
fn loom_two_senders_and_more_recycled_blocks() {
    loom::model(|| push_and_pop(3, [2, 2], 4));
}
