//! Timers as data: `now` is an argument, so nothing but `clock` and `timers` needs a clock.
//!
//! A tick is a 64th of a millisecond, counted from an instant that the owner chooses.
//! [`Wheel`](wheel::Wheel) keeps deadlines in order at constant cost, [`DueWord`](due::DueWord) lets
//! the owner of a timer check whether it fired, or postpone its deadline, without a lock, and
//! [`Shard`] puts both behind a mutex. These know no clock, task or waiting thread: that is
//! `timers.rs`. How exactly the waiting thread meets deadlines is decided by `coalescing.rs`.
#![forbid(unsafe_code)]

pub(crate) mod clock;
mod coalescing;
mod due;
mod shard;
pub(crate) mod timers;
mod wheel;
mod words;

pub(crate) use clock::Clock;
pub(crate) use shard::{Armed, Reset, Shard};
pub(crate) use timers::Timers;
pub(crate) use wheel::{Key, NEVER};

/// As many as a level of the wheel has slots.
pub(crate) const TICKS_PER_MS: u64 = 64;
