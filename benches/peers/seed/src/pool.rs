//! Buffers checked out of a pool and returned.

use std::cell::RefCell;
use std::io;
use std::time::Instant;

use peer_protocol::{BLOCK, Pace, Places};
use zokio::completion::{BufferPool, PooledBuf};

/// The buffers of a pool.
const COUNT: usize = 1024;

/// Checks a buffer out and returns it, and returns how often.
pub async fn round_trips(end: Instant) -> io::Result<u64> {
    let pool = BufferPool::new(COUNT, BLOCK)?;
    let mut pace = Pace::new(end, 64);
    loop {
        pool.get().await.extend_from_slice(&[1]);
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

/// A pool whose buffers are checked out and returned in random order.
pub struct Churn {
    pool: BufferPool,
    places: RefCell<Places>,
}

impl Churn {
    /// Makes the pool, and touches all of its memory.
    pub fn new() -> io::Result<Churn> {
        let pool = BufferPool::new(COUNT, BLOCK)?;
        let mut all = Vec::new();
        while let Some(mut buffer) = pool.try_get() {
            buffer.resize(BLOCK, 1);
            all.push(buffer);
        }
        drop(all);
        Ok(Churn {
            pool,
            places: RefCell::new(Places::of(0)),
        })
    }

    /// Returns how many buffers were returned, after it made sure that all of them can be checked out
    /// again.
    pub fn run(&self, end: Instant) -> io::Result<u64> {
        let mut held: Vec<Option<PooledBuf>> = Vec::new();
        held.resize_with(COUNT, || None);
        let mut pace = Pace::new(end, 64);
        loop {
            let place = self.places.borrow_mut().draw() as usize / BLOCK % COUNT;
            held[place] = match held[place].take() {
                Some(_) => None,
                None => self.pool.try_get(),
            };
            if !pace.more() {
                break;
            }
        }
        drop(held);
        let all: Vec<PooledBuf> = std::iter::from_fn(|| self.pool.try_get()).collect();
        if all.len() < COUNT {
            return Err(io::Error::other("a buffer was lost"));
        }
        Ok(pace.made() / 2)
    }
}
