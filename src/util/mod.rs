//! Small parts without a runtime: the coop budget, intrusive lists, batches of wakers, parking.

pub(crate) mod atomic_waker;
pub(crate) mod budget;
pub(crate) mod enter;
pub(crate) mod list;
pub(crate) mod park;
pub(crate) mod rng;
pub(crate) mod scoped;
pub(crate) mod wait_queue;
pub(crate) mod wake_list;
