//! Small parts without a runtime: the coop budget, intrusive lists, batches of wakers.

pub(crate) mod atomic_waker;
pub(crate) mod budget;
