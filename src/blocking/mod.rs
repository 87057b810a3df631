//! Threads that run closures which may block.
//!
//! [`pool::Pool`] is plain threads and a queue; it knows neither tasks nor runtimes. The runtime
//! owns one: `spawn_blocking` closures, the driver's fallback operations and the multi-thread
//! scheduler's workers all run on it.
#![forbid(unsafe_code)]

pub(crate) mod pool;

pub(crate) use pool::{Pool, PoolConfig};
