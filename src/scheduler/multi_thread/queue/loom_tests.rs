//! An owner and its thieves under every interleaving.
//!
//! Tasks are numbers. Each has to come out once, and loom reports a slot that is read and written
//! at the same time.

use super::{HELD_BITS, Position, Queue, Stealer};
use crate::loom::sync::Arc;
use crate::loom::thread::{self, JoinHandle};

/// The last position: it wraps around in each model.
const START: Position = Position(u64::MAX << HELD_BITS);

fn all<const SLOTS: usize>(queue: &Queue<u32, SLOTS>) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop()).collect()
}

fn steal<const SLOTS: usize>(
    stealer: &Stealer<u32, SLOTS>,
    own: &Queue<u32, SLOTS>,
) -> Option<u32> {
    stealer.steal_into(own).map(|(first, _)| first)
}

/// Steals once, and returns what it stole.
fn thief<const SLOTS: usize>(stealer: &Arc<Stealer<u32, SLOTS>>) -> JoinHandle<Vec<u32>> {
    let stealer = stealer.clone();
    thread::spawn(move || {
        let (own, _stealer) = Queue::<u32, SLOTS>::new();
        let stolen = stealer.steal_into(&own);
        let mut tasks = Vec::from_iter(stolen.map(|(first, _)| first));
        tasks.extend(all(&own));
        assert_eq!(tasks.len(), stolen.map_or(0, |(_, count)| count));
        assert!(tasks.is_sorted());
        tasks
    })
}

fn monitor<const SLOTS: usize>(stealer: &Arc<Stealer<u32, SLOTS>>) -> JoinHandle<Vec<u32>> {
    let stealer = stealer.clone();
    thread::spawn(move || {
        let mut tasks = Vec::new();
        stealer.steal_all(&mut tasks);
        tasks
    })
}

fn new<const SLOTS: usize>() -> (Queue<u32, SLOTS>, Arc<Stealer<u32, SLOTS>>) {
    let (queue, stealer) = Queue::starting_at(START);
    (queue, Arc::new(stealer))
}

fn push<const SLOTS: usize>(queue: &Queue<u32, SLOTS>, task: u32, out: &mut Vec<u32>) {
    out.extend(queue.push(task).err().into_iter().flatten());
}

fn each_came_out_once(mut tasks: Vec<u32>, thieves: Vec<JoinHandle<Vec<u32>>>, count: u32) {
    for thief in thieves {
        tasks.extend(thief.join().unwrap());
    }
    tasks.sort_unstable();
    assert_eq!(tasks, (0..count).collect::<Vec<_>>());
}

/// The owner pushes and pops while a thief takes a batch. The slots are used again in the meantime.
#[test]
fn loom_an_owner_and_a_thief() {
    loom::model(|| {
        let (queue, stealer) = new::<2>();
        let mut out = Vec::new();
        push(&queue, 0, &mut out);
        push(&queue, 1, &mut out);
        let thieves = vec![thief(&stealer)];
        out.extend(queue.pop());
        push(&queue, 2, &mut out);
        out.extend(queue.pop());
        push(&queue, 3, &mut out);
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 4);
    });
}

#[test]
fn loom_an_owner_and_two_thieves() {
    loom::model(|| {
        let (queue, stealer) = new::<4>();
        let mut out = Vec::new();
        for task in 0..3 {
            push(&queue, task, &mut out);
        }
        let thieves = vec![thief(&stealer), thief(&stealer)];
        out.extend(queue.pop());
        push(&queue, 3, &mut out);
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 4);
    });
}

/// The queue overflows while a thief claims or copies.
#[test]
fn loom_an_overflow_and_a_thief() {
    loom::model(|| {
        let (queue, stealer) = new::<2>();
        let mut out = Vec::new();
        push(&queue, 0, &mut out);
        push(&queue, 1, &mut out);
        let thieves = vec![thief(&stealer)];
        for task in 2..5 {
            push(&queue, task, &mut out);
        }
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 5);
    });
}

/// A thief holds its claim while the owner uses the ring up and another thief looks, and releases
/// it at any time.
#[test]
fn loom_a_thief_that_takes_its_time() {
    loom::model(|| {
        let (queue, stealer) = new::<2>();
        let mut out = Vec::new();
        push(&queue, 0, &mut out);
        push(&queue, 1, &mut out);
        let slow = {
            let stealer = stealer.clone();
            thread::spawn(move || {
                let claim = stealer.ring.claim(|_| 1);
                thread::yield_now();
                claim.into_iter().flatten().collect()
            })
        };
        let thieves = vec![slow, thief(&stealer)];
        push(&queue, 2, &mut out);
        out.extend(queue.pop());
        push(&queue, 3, &mut out);
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 4);
    });
}

/// The monitor empties the queue of a worker that continues while a thief steals from it.
#[test]
fn loom_a_monitor_and_a_thief() {
    loom::model(|| {
        let (queue, stealer) = new::<2>();
        let mut out = Vec::new();
        push(&queue, 0, &mut out);
        push(&queue, 1, &mut out);
        let thieves = vec![monitor(&stealer), thief(&stealer)];
        out.extend(queue.pop());
        push(&queue, 2, &mut out);
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 3);
    });
}

/// A thief's own queue is stolen from while it fills it.
#[test]
fn loom_a_thief_is_stolen_from() {
    loom::model(|| {
        let (queue, stealer) = new::<4>();
        let mut out = Vec::new();
        for task in 0..3 {
            push(&queue, task, &mut out);
        }
        let (own, of_thief) = new::<4>();
        let thieves = vec![
            thief(&of_thief),
            thread::spawn(move || {
                let mut tasks = Vec::from_iter(steal(&stealer, &own));
                tasks.extend(all(&own));
                tasks
            }),
        ];
        out.extend(all(&queue));
        each_came_out_once(out, thieves, 3);
    });
}
