//! Sleeps, intervals and deadlines.

mod clock;
mod timers;

pub(crate) use clock::Clock;
pub(crate) use timers::Timers;
