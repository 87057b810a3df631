//! Timers as data: when `now` is an argument, nothing here needs a clock.
//!
//! A tick is a millisecond since whatever instant the owner calls zero. [`Wheel`](wheel::Wheel)
//! keeps deadlines in order at constant cost, [`DueWord`](due::DueWord) lets the owner of one timer
//! ask whether it fired, or move its deadline further away, without a lock, and [`Shard`] puts both
//! behind a mutex. Nothing here knows a clock, a task or a thread that waits: that is
//! `time/timers.rs`.
#![forbid(unsafe_code)]

#[cfg(not(loom))]
pub(crate) mod clock;
mod due;
mod shard;
#[cfg(not(loom))]
pub(crate) mod timers;
mod wheel;
mod words;

#[cfg(not(loom))]
pub(crate) use clock::Clock;
pub(crate) use shard::{Armed, Reset, Shard};
#[cfg(not(loom))]
pub(crate) use timers::Timers;
pub(crate) use wheel::{Key, NEVER};
