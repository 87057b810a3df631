//! One line on a terminal: how far the measurement is. Elsewhere there is none.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

/// The line.
pub struct Progress {
    start: Instant,
    done: usize,
    all: usize,
    on: bool,
}

impl Progress {
    /// Begins with the number of runs that there will be.
    pub fn new(all: usize) -> Progress {
        Progress {
            start: Instant::now(),
            done: 0,
            all,
            on: io::stderr().is_terminal(),
        }
    }

    /// Shows that another run begins.
    pub fn next(&mut self, what: &str) {
        if self.on {
            let taken = self.start.elapsed().as_secs_f64();
            let left = (self.all - self.done) as f64 * taken / self.done as f64;
            // Of the first run it is not known how long it takes.
            let left = if self.done > 0 {
                format!(", {left:.0} s left")
            } else {
                String::new()
            };
            show(&format!(
                "\r\x1b[K{} of {}{left}: {what}",
                self.done + 1,
                self.all
            ));
        }
        self.done += 1;
    }

    /// Removes the line.
    pub fn clear(&self) {
        if self.on {
            show("\r\x1b[K");
        }
    }
}

fn show(text: &str) {
    let mut output = io::stderr().lock();
    // A terminal that has gone away needs no progress.
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}
