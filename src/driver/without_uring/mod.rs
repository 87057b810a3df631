//! The driver without io_uring: there is no ring, threads carry out every operation, and sockets are
//! read by readiness. The names are those of `driver/uring`, and the types have no values.
#![forbid(unsafe_code)]

#[cfg(all(feature = "fs", unix))]
mod operations;
#[cfg(feature = "fs")]
pub(in crate::driver) mod probe;
pub(in crate::driver) mod receives;

#[cfg(all(feature = "fs", unix))]
pub(in crate::driver) use operations::Ring;
