//! Threads that run closures which may block.
//!
//! [`pool::Pool`] is plain threads and a queue; it knows neither tasks nor runtimes. A runtime owns
//! two: one for `spawn_blocking` closures and the multi-thread scheduler's workers, and one for the
//! driver's operations and for the runtime's own calls that may block.
#![forbid(unsafe_code)]

pub(crate) mod pool;
#[cfg(all(test, loom))]
mod pool_loom;
mod state;
mod threads;

pub(crate) use pool::{Pool, PoolConfig};
