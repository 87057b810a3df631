//! The queue on one thread, against a deque, and under real threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::{CAPACITY, HELD_BITS, Position, Queue, Stealer};
use crate::util::rng::Rng;

/// Returns the position from which `count` pushes wrap around.
fn before_the_wrap(count: u64) -> Position {
    Position(count.wrapping_neg() << HELD_BITS)
}

/// Owner, thief and injection queue of one ring, each beside what it should hold.
struct Model<const SLOTS: usize> {
    queue: Queue<u32, SLOTS>,
    stealer: Stealer<u32, SLOTS>,
    expected: VecDeque<u32>,
    next: u32,
}

impl<const SLOTS: usize> Model<SLOTS> {
    fn starting_at(position: Position) -> Self {
        let (queue, stealer) = Queue::starting_at(position);
        Model {
            queue,
            stealer,
            expected: VecDeque::new(),
            next: 0,
        }
    }

    fn push(&mut self) {
        let task = self.next;
        self.next += 1;
        let is_full = self.expected.len() == SLOTS;
        self.expected.push_back(task);
        match self.queue.push(task) {
            Ok(()) => assert!(!is_full),
            Err(overflow) => {
                assert!(is_full);
                let older: Vec<u32> = self.expected.drain(..SLOTS / 2).collect();
                assert_eq!(overflow, older);
            }
        }
    }

    fn extend(&mut self, count: usize) {
        let count = count.min(SLOTS - self.expected.len());
        let tasks: Vec<u32> = (self.next..).take(count).collect();
        self.next += count as u32;
        self.expected.extend(&tasks);
        self.queue.extend(tasks.into_iter());
    }

    fn steal(&mut self, room: usize) {
        let (other, _stealer) = Queue::<u32, SLOTS>::starting_at(before_the_wrap(2));
        for filler in 0..SLOTS - room {
            other.push(filler as u32).unwrap();
        }
        let count = self.expected.len().div_ceil(2).min(room + 1);
        let mut stolen: VecDeque<u32> = self.expected.drain(..count).collect();
        let first = stolen.pop_front().map(|first| (first, count));
        assert_eq!(self.stealer.steal_into(&other), first);
        for filler in 0..SLOTS - room {
            assert_eq!(other.pop(), Some(filler as u32));
        }
        assert_eq!(
            VecDeque::from_iter(std::iter::from_fn(|| other.pop())),
            stolen
        );
    }

    fn steal_all(&mut self) {
        let mut tasks = Vec::new();
        self.stealer.steal_all(&mut tasks);
        assert_eq!(tasks, self.expected.drain(..).collect::<Vec<_>>());
    }

    fn check(&self) {
        assert_eq!(self.queue.len(), self.expected.len());
        assert_eq!(self.queue.space(), SLOTS - self.expected.len());
        assert_eq!(self.queue.is_empty(), self.expected.is_empty());
        assert_eq!(self.stealer.is_empty(), self.expected.is_empty());
        assert_eq!(self.stealer.len(), self.expected.len());
    }
}

fn random_operations<const SLOTS: usize>(position: Position) {
    let mut rng = Rng::from_seed(position.0 ^ SLOTS as u64);
    let mut model = Model::<SLOTS>::starting_at(position);
    let mut below = |limit: usize| rng.below(limit as u32) as usize;
    for _ in 0..20_000 {
        match below(20) {
            0..9 => model.push(),
            9..15 => assert_eq!(model.queue.pop(), model.expected.pop_front()),
            15 => model.extend(below(SLOTS + 1)),
            16..19 => model.steal(below(SLOTS + 1)),
            _ if below(8) == 0 => model.steal_all(),
            _ => (0..SLOTS).for_each(|_| model.push()),
        }
        model.check();
    }
}

#[test]
fn random_operations_do_what_a_deque_does() {
    random_operations::<2>(Position(0));
    random_operations::<8>(Position(0).after(5));
    random_operations::<CAPACITY>(Position(0).after(1));
}

/// The positions wrap around some operations after the start.
#[test]
fn positions_wrap_around() {
    random_operations::<2>(before_the_wrap(1));
    random_operations::<8>(before_the_wrap(7));
    random_operations::<CAPACITY>(before_the_wrap(100));
}

/// A thief that stops between claim and release stops no other thread.
#[test]
fn a_stuck_thief_makes_pushes_overflow_and_holds_up_none() {
    for start in [Position(0), before_the_wrap(3)] {
        let (queue, stealer) = Queue::<u32, 4>::starting_at(start);
        queue.extend(0..4);
        let mut claim = stealer.ring.claim(|len| len / 2).expect("there are tasks");
        assert_eq!(claim.next(), Some(0));
        // The slots of the claimed tasks are not free.
        assert_eq!((queue.len(), queue.space()), (2, 0));
        assert_eq!(queue.push(4), Err(vec![4]));
        // The owner takes what is left, and still has no room.
        assert_eq!(queue.pop(), Some(2));
        assert_eq!(queue.pop(), Some(3));
        assert_eq!(queue.pop(), None);
        assert_eq!(queue.push(5), Err(vec![5]));
        // Other thieves find nothing.
        let (other, _stealer) = Queue::<u32, 4>::new();
        assert_eq!(stealer.steal_into(&other), None);
        let mut tasks = Vec::new();
        stealer.steal_all(&mut tasks);
        assert!(tasks.is_empty(), "{tasks:?}");
        assert_eq!(claim.next(), Some(1));
        assert_eq!(claim.next(), None);
        drop(claim);
        assert_eq!((queue.len(), queue.space()), (0, 4));
        queue.push(6).unwrap();
        assert_eq!(stealer.steal_into(&other), Some((6, 1)));
    }
}

#[test]
fn what_is_left_is_dropped() {
    let task = Arc::new(());
    let (queue, stealer) = Queue::<Arc<()>, 4>::starting_at(before_the_wrap(2));
    for _ in 0..4 {
        queue.push(task.clone()).unwrap();
    }
    let claim = stealer.ring.claim(|_| 2);
    assert_eq!(Arc::strong_count(&task), 5);
    drop(claim);
    assert_eq!(Arc::strong_count(&task), 3);
    drop((queue, stealer));
    assert_eq!(Arc::strong_count(&task), 1);
}

#[test]
#[should_panic(expected = "more tasks than there is space for")]
fn a_batch_has_to_fit() {
    let (queue, _stealer) = Queue::<u32, 4>::new();
    queue.extend(0..5);
}

/// One owner and three thieves; each task comes out once.
#[test]
fn threads_take_each_task_once() {
    const TASKS: usize = 200_000;
    let seen: Arc<Vec<AtomicUsize>> = Arc::new((0..TASKS).map(|_| AtomicUsize::new(0)).collect());
    let done = Arc::new(AtomicBool::new(false));
    let (queue, stealer) = Queue::<usize, 16>::starting_at(before_the_wrap(1000));
    let stealer = Arc::new(stealer);
    let thieves = (0..3).map(|thief| {
        let (seen, done, stealer) = (seen.clone(), done.clone(), stealer.clone());
        thread::spawn(move || {
            let (own, _stealer) = Queue::<usize, 16>::new();
            let mut batch = Vec::new();
            while !done.load(Ordering::Acquire) || !stealer.is_empty() {
                if thief == 0 {
                    stealer.steal_all(&mut batch);
                } else {
                    batch.extend(stealer.steal_into(&own).map(|(first, _)| first));
                    batch.extend(std::iter::from_fn(|| own.pop()));
                }
                for task in batch.drain(..) {
                    seen[task].fetch_add(1, Ordering::Relaxed);
                }
                thread::yield_now();
            }
        })
    });
    let thieves: Vec<_> = thieves.collect();
    for task in 0..TASKS {
        for overflow in queue.push(task).err().into_iter().flatten() {
            seen[overflow].fetch_add(1, Ordering::Relaxed);
        }
        if task % 3 == 0 {
            if let Some(task) = queue.pop() {
                seen[task].fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    for task in std::iter::from_fn(|| queue.pop()) {
        seen[task].fetch_add(1, Ordering::Relaxed);
    }
    done.store(true, Ordering::Release);
    for thief in thieves {
        thief.join().unwrap();
    }
    assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
}
