//! When a task that repeats an operation ends.

use std::time::Instant;

/// Counts operations, and looks at the clock after some of them: reading it takes as long as a fast
/// operation does.
#[derive(Debug)]
pub struct Pace {
    end: Instant,
    made: u64,
    every: u64,
}

impl Pace {
    /// Begins. The clock is read after every `every` operations.
    pub fn new(end: Instant, every: u64) -> Pace {
        Pace {
            end,
            made: 0,
            every,
        }
    }

    /// Counts an operation and returns whether there is time for more.
    #[inline]
    pub fn more(&mut self) -> bool {
        self.made += 1;
        !self.made.is_multiple_of(self.every) || Instant::now() < self.end
    }

    /// Returns the number of operations.
    pub fn made(&self) -> u64 {
        self.made
    }
}
