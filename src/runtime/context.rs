//! What other modules may ask about the runtime that this thread is in.
#![forbid(unsafe_code)]

pub(crate) use crate::scheduler::context::{defer, disallow_block_in_place, thread_rng_n};
