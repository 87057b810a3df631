//! Asynchronous tasks: spawning, joining, aborting.
#![forbid(unsafe_code)]

pub use crate::scheduler::task::{AbortHandle, Id, JoinError, JoinHandle};
