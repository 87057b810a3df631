//! A program whose only other thread blocks, in the way that the argument names. It is compiled by the
//! test of stacks, with and without debug information.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let how = std::env::args().nth(1).expect("an argument");
    let block = match how.as_str() {
        "sleep" => blocks_in_sleep,
        "busy" => blocks_in_busy,
        "read" => blocks_in_read,
        "clock" => blocks_in_clock,
        other => panic!("{other}"),
    };
    thread::spawn(move || outer(block));
    // Ends with the test, which holds the other end.
    let mut line = String::new();
    io::stdin().read_line(&mut line).expect("the input ends");
}

#[inline(never)]
fn outer(block: fn() -> usize) -> usize {
    let thread = std::fs::read_link("/proc/thread-self").expect("/proc is mounted");
    println!("{}", thread.display());
    io::stdout().flush().expect("the test reads");
    block() + black_box(1)
}

#[inline(never)]
fn blocks_in_sleep() -> usize {
    thread::sleep(Duration::from_secs(1000)); // sleep
    black_box(1)
}

#[inline(never)]
fn blocks_in_busy() -> usize {
    let mut rounds = 0_usize; // busy
    while rounds < usize::MAX { // busy
        rounds = black_box(rounds + 1); // busy
    } // busy
    rounds
}

#[inline(never)]
fn blocks_in_read() -> usize {
    let (mut one, _other) = UnixStream::pair().expect("a pair");
    let mut byte = [0];
    let count = one.read(&mut byte).expect("a read"); // read
    black_box(count)
}

#[inline(never)]
fn blocks_in_clock() -> usize {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1000) {} // clock
    black_box(1)
}
